# frozen_string_literal: true

require "heap_periscope_agent"
require "set"
require_relative "../support/linked_symbols"
require_relative "../support/watched_program"

# What no public header of Ruby declares may be hidden in the next Ruby, and is hidden in a static one.
RSpec.describe "functions that the VM may hide" do
  let(:functions) { %w[rb_objspace_each_objects rb_obj_memsize_of rb_objspace_internal_object_p] }
  let(:object) { $LOADED_FEATURES.grep(%r{/heap_periscope_agent\.(so|bundle)\z}).first }

  it "are not linked: all that the extension leaves undefined is public" do
    expect(LinkedSymbols.new(object).unaccounted).to eq([])
  end

  it "are all there in the Rubies of today" do
    expect(HeapPeriscopeAgent::Native.unavailable).to eq([])
  end

  def run_without(missing, script, **options)
    WatchedProgram.run!(script, env: { "HEAP_PERISCOPE_TESTING_MISSING" => missing }, **options)
  end

  it "are each told of by one sentence" do
    functions.each do |function|
      out = run_without(function, "puts HeapPeriscopeAgent::Native.unavailable").out
      expect(out.lines).to contain_exactly(start_with("this Ruby hides #{function}: "))
    end
  end

  describe "when all are hidden" do
    before(:context) do
      @receiver = DatagramReceiver.new
      @outcome = run_without("all", <<~RUBY, receiver: @receiver, interval: 0.05, enable_detailed_objects: true, enable_allocation_sampling: true)
        HeapPeriscopeAgent.start
        kept = Array.new(1000) { Object.new }
        wait_until { HeapPeriscopeAgent.agent_cost[:snapshots] >= 10 && (1..50).each { HeapPeriscopeAgent.span("job", "work") { kept << +"x" } } }
        HeapPeriscopeAgent.stop
        HeapPeriscopeAgent.start
        begin
          HeapPeriscopeAgent.census
        rescue HeapPeriscopeAgent::Error => e
          puts e.message
        end
        p HeapPeriscopeAgent.agent_cost.values_at(:failures, :censuses), HeapPeriscopeAgent.snapshot(detailed: true).fetch(:unavailable).size
      RUBY
    end
    after(:context) { @receiver.close }

    let(:sentences) { functions.map { |function| start_with("this Ruby hides #{function}: ") } }

    it "reports go on, without a census" do
      snapshot = @receiver.of(type: "snapshot").last["payload"]
      expect(snapshot["gc_stats"]).to include("count")
      expect(snapshot["object_space_summary"]).to eq({})
      expect(snapshot).not_to include("living_objects_by_class")
      expect(@outcome.out.lines.drop(1)).to eq(["[0, 0]\n", "3\n"])
    end

    it "the wire says what is missing" do
      expect(@receiver.of(type: "snapshot").last["payload"]["unavailable"]).to match(sentences)
    end

    it "the log says it once" do
      expect(@outcome.err.lines.filter_map { |line| line[/this Ruby.*/] }).to match(sentences)
    end

    it "a census by hand raises that sentence" do
      expect(@outcome.out).to start_with("this Ruby hides rb_objspace_each_objects: no census is taken")
    end
  end

  it "leave the heap alone beside other Ractors, when the VM's lock is hidden" do
    locks = %w[rb_vm_lock_with_barrier rb_gc_vm_lock rb_gc_vm_unlock rb_vm_lock_enter_body rb_vm_lock_leave_body]
    out = run_without(locks.join(" "), <<~RUBY, ruby: ["-W0"]).out
      counts = -> { [HeapPeriscopeAgent.census.size, HeapPeriscopeAgent.snapshot.fetch(:object_space_summary).size].map(&:positive?) }
      alone = counts.call
      other = Ractor.new { Ractor.receive }
      beside = counts.call
      other.send(1)
      wait_until { Ractor.count == 1 }
      p alone, beside, counts.call
    RUBY
    expect(out.lines(chomp: true)).to eq(["[true, true]", "[false, false]", "[true, true]"])
  end

  it "leave the native parts that walk no heap whole, when all are hidden" do
    files = Dir[File.join(__dir__, "*_spec.rb")].select { |file| File.read(file).include?(":native") }
    out, status = Open3.capture2e({ "HEAP_PERISCOPE_TESTING_MISSING" => "all" }, "rspec", "--tag", "native", "--tag", "~walks_heap", *files)
    expect(status).to be_success, out
    expect(out[/(\d+) examples/, 1].to_i).to be > 50
  end
end
