# frozen_string_literal: true

require "heap_periscope_agent"
require_relative "../support/watched_program"

# All features at once, against what the VM does to objects and to threads.
RSpec.describe "everything switched on" do
  everything = { interval: 0.2, enable_detailed_objects: true, enable_allocation_sampling: true, allocation_budget: 0.3, gc_pauses: true,
                 census_budget: 0.5, secret: "all of it at once" }

  around { |example| DatagramReceiver.open { |receiver| (@receiver = receiver) && example.run } }

  define_method(:run) do |script|
    # Without RubyGems and Bundler: all that they keep would be moved as well, which takes ten times as long.
    WatchedProgram.run!(<<~RUBY, receiver: @receiver, ruby: ["-W0", "--disable-gems"], env: { "RUBYOPT" => nil }, **everything).out
      HeapPeriscopeAgent.start or raise
      def seen = HeapPeriscopeAgent.agent_cost[:snapshots]
      def span(name, &block) = HeapPeriscopeAgent.span("custom", name, &block)
      #{script}
      wait_until { seen >= 3 }
      print HeapPeriscopeAgent.agent_cost.values_at(:failures, :datagrams_dropped).join(" ")
    RUBY
  end

  it "survives objects that move 1 000 times, all of them", timeout: 300 do
    expect(run(<<~RUBY)).to eq("0 0")
      kept = []
      1000.times do |round|
        span("move") do
          kept << Class.new.new << "x\#{round}" << Struct.new(:a).new(round)
          kept.shift(3) if kept.size > 300
          GC.verify_compaction_references(toward: :empty)
        end
        HeapPeriscopeAgent.snapshot(detailed: true) if round % 100 == 0
      end
    RUBY
    names = @receiver.of(type: "snapshot").flat_map { |report| report["payload"]["living_objects_by_class"].to_h.keys }
    expect(names).to include("String", "Class")
    expect(@receiver.reports.flat_map { |report| report.dig("payload", "living_objects_by_spans", "custom").to_a }.map { |span| span["name"] }.uniq)
      .to eq(["move"])
  end

  # They make no classes: on Ruby 3.1 and 3.3 several that do so at a time corrupt the VM's memory, without any agent.
  it "survives 1 000 Ractors", timeout: 300 do
    expect(run(<<~RUBY)).to eq("0 0")
      Pair = Struct.new(:a, :b)
      100.times do
        ractors = Array.new(10) { Ractor.new { Array.new(200) { |n| [n, n.to_s, Pair.new(n, {})] }.size } }
        span("beside Ractors") { Array.new(50) { Object.new } }
        ractors.each { |ractor| ractor.respond_to?(:value) ? ractor.value : ractor.take }
        HeapPeriscopeAgent.census(limit: 1)
      end
    RUBY
    expect(@receiver.reports).not_to be_empty
  end
end
