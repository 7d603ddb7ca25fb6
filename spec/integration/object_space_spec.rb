# frozen_string_literal: true

require "heap_periscope_agent"
require_relative "../support/watched_program"

# Debuggers, deep copies, test doubles: programs that do something with every object that ObjectSpace shows them.
RSpec.describe "what ObjectSpace hands out", timeout: 240 do
  everything = { interval: 0.1, enable_detailed_objects: true, enable_allocation_sampling: true, allocation_budget: 0.3, gc_pauses: true,
                 census_budget: 0.5, secret: "all of it at once" }
  use_everything = <<~RUBY
    require "objspace"
    before = ObjectSpace.each_object.to_a.each_with_object({}.compare_by_identity) { |object, seen| seen[object] = true }
    require "heap_periscope_agent"
    HeapPeriscopeAgent.start or raise
    HeapPeriscopeAgent.span("custom", "work") { Array.new(5_000) { "x" + "y" } }
    Fiber.new { HeapPeriscopeAgent.span("custom", "a fiber's") { Fiber.yield } }.resume
    HeapPeriscopeAgent::Native.job_span("Job", "1") { GC.start }
    HeapPeriscopeAgent.census
    HeapPeriscopeAgent.snapshot(detailed: true)
    HeapPeriscopeAgent.leak_suspects
    HeapPeriscopeAgent.retained_sites
    HeapPeriscopeAgent.allocation_sites
    deadline = Process.clock_gettime(Process::CLOCK_MONOTONIC) + 30
    until HeapPeriscopeAgent.agent_cost.values_at(:snapshots, :windows).then { |snapshots, windows| snapshots >= 3 && windows.positive? }
      Array.new(1_000) { +"more" }
      GC.start if rand < 0.05
      raise "nothing was used" if Process.clock_gettime(Process::CLOCK_MONOTONIC) > deadline
    end
  RUBY

  # Without RubyGems and Bundler, whose objects would be copied as well.
  define_method(:run) do |script|
    DatagramReceiver.open do |receiver|
      settings = everything.merge(port: receiver.port).to_h { |name, value| ["HEAP_PERISCOPE_#{name.to_s.upcase}", value.to_s] }
      command = [RbConfig.ruby, "-W0", "--disable-gems", "-I", WatchedProgram::LIB, "-e", use_everything + script]
      out, err, status = Open3.capture3(settings.merge("RUBYOPT" => nil), *command)
      raise "the program failed: #{status}\n#{out}\n#{err[0, 4000]}" unless status.success?

      out
    end
  end

  it "can be copied, marshalled, shown and described, every object of the process" do
    expect(run(<<~RUBY)).to eq("survived")
      KINDS = %i[dup clone inspect to_s hash object_id itself singleton_class methods instance_variables].freeze
      def try
        yield
      rescue Exception # whatever the object says to it
        nil
      end
      copies = []
      ObjectSpace.each_object.to_a.each do |object|
        # A copy that is forced on ENV, which refuses, breaks plain Ruby 3.1.
        next if [copies, KINDS, before, ENV].any? { |own| own.equal?(object) } || BasicObject === object && !(Kernel === object)

        KINDS.each { |kind| copies << try { Kernel.instance_method(kind).bind_call(object) } }
        copies << try { object.clone(freeze: true) } << try { Marshal.dump(object) } << try { ObjectSpace.dump(object) }
        copies << try { object.inspect } << try { ObjectSpace.memsize_of(object) } << try { ObjectSpace.reachable_objects_from(object) }
        copies << try { object.class.allocate.send(:initialize_copy, object) } << try { object.instance_variable_get(:@nothing) }
        copies.clear if copies.size > 20_000 && GC.start.nil?
      end
      GC.start
      GC.compact if GC.respond_to?(:compact)
      print "survived"
    RUBY
  end

  it "shows no holder and no hook of ours: classes, a thread and what programs keep themselves is all there is" do
    expect(run(<<~RUBY)).to eq("HeapPeriscopeAgent::Native::SpanStack Thread survived")
      data = ObjectSpace.each_object.reject { |object| before.key?(object) }
                        .select { |object| ObjectSpace.dump(object).include?('"type":"DATA"') }
      ours = data.select { |o| o.is_a?(TracePoint) || o.instance_of?(Object) || ObjectSpace.dump(o).match?(/heap_periscope/) }
      threads = Thread.list - [Thread.main]
      print ours.map(&:class).uniq.sort_by(&:to_s).push(*threads.map(&:class)).join(" ")
      (ours + threads).each do |object|
        3.times { object.dup rescue nil; object.clone(freeze: true) rescue nil; object.class.allocate rescue nil }
        ObjectSpace.define_finalizer(object, proc {})
        object.instance_variable_set(:@theirs, [])
        object.freeze
      end
      GC.start
      GC.compact if GC.respond_to?(:compact)
      HeapPeriscopeAgent.span("custom", "after it") { GC.start }
      HeapPeriscopeAgent.stop
      print " survived"
    RUBY
  end
end
