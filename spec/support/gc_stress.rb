# frozen_string_literal: true

# A garbage collection at every allocation, wherever our C code meets Ruby's objects: around each call into the native side, and
# not in what RSpec and the examples themselves allocate, which would take hours and shows nothing of ours.
module GcStress
  # Parts without Ruby's API (see their headers): nothing but the answers to the specs would be under stress.
  PURE = %i[governor share_estimate class_table page_set pauses leak_trend json_parts json_string json_number json_time platform_class?].freeze

  class << self
    # Whether the specs run under stress: they then take fewer and smaller examples of the same.
    def on? = ENV["GC_STRESS"] == "1"

    def install
      agent = HeapPeriscopeAgent
      [agent::Native, agent::Testing].each { |native| wrap(native.singleton_class, native.singleton_methods(false) - PURE) }
      wrap(agent.singleton_class, %i[span spans])
      wrap(agent::Testing::LeakDetector, agent::Testing::LeakDetector.instance_methods(false))
    end

    # Ruby code that the native side calls is calm again.
    def stressed(stress)
      before = GC.stress
      GC.stress = stress
      yield
    ensure
      GC.stress = before
    end

    private

    def wrap(owner, names)
      owner.prepend(Module.new do
        names.each do |name|
          define_method(name) do |*arguments, **options, &block|
            calm = block && proc { |*yielded| GcStress.stressed(false) { block.call(*yielded) } }
            GcStress.stressed(true) { super(*arguments, **options, &calm) }
          end
        end
      end)
    end
  end
end
