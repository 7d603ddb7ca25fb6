# frozen_string_literal: true

require "heap_periscope_agent"
require_relative "../support/watched_program"

RSpec.describe "GC pauses" do
  free_hooks = Gem::Version.new(RUBY_VERSION) >= Gem::Version.new("3.3")

  it "are measured singly by default where hooks cost nothing, from Ruby 3.3 on, else only when asked for" do
    out = WatchedProgram.run!(<<~RUBY, port: 9, interval: 60).out
      HeapPeriscopeAgent.start
      5.times { GC.start }
      print HeapPeriscopeAgent.gc_pauses[:single], " ", HeapPeriscopeAgent.gc_pauses[:count] >= 5, " ", HeapPeriscopeAgent.gc_pauses[:total_ms] > 0
    RUBY
    expect(out).to eq("#{free_hooks} true true")
  end

  it "add up to GC.total_time, with cause, kind and thread" do
    DatagramReceiver.open do |receiver|
      out = WatchedProgram.run!(<<~RUBY, receiver: receiver, interval: 60, gc_pauses: true).out
        HeapPeriscopeAgent.start
        wait_until { HeapPeriscopeAgent.agent_cost[:snapshots].positive? } # the first report takes what was measured before it
        keep = Array.new(200_000) { +"kept" }
        measured_before = HeapPeriscopeAgent.gc_pauses[:total_ms]
        before = GC.total_time
        began = clock
        Thread.current.name = "main one"
        30.times { Array.new(20_000) { +"x" } }
        5.times { GC.start }
        spent = (GC.total_time - before) / 1e6
        passed = (clock - began) * 1000
        pauses = HeapPeriscopeAgent.gc_pauses
        print spent, " ", passed, " ", pauses[:total_ms] - measured_before, " ", pauses[:buckets].sum { |bucket| bucket[:minor] + bucket[:major] } == pauses[:count],
              " ", pauses[:max_ms] >= pauses[:p99_ms], " ", pauses[:p99_ms] >= pauses[:p50_ms], " ", keep.size
        sleep 1.5
      RUBY
      spent, passed, measured, *checks = out.split
      expect(checks).to eq(%w[true true true 200000])
      # Ruby sums processor time, a pause is as long as it was on the clock: on a busy machine longer.
      expect(measured.to_f).to be_between((spent.to_f * 0.85) - 10, passed.to_f)
      payload = receiver.of(type: "gc_profiler_report").map { |report| report["payload"] }.max_by { |told| told["pauses_ms"].size }
      expect(payload["pauses_ms"].size).to be_between(1, 100)
      expect(payload["pauses"].map { |pause| pause["ms"] }).to eq(payload["pauses_ms"].max(20))
      expect(payload["pauses"].map { |pause| pause["reason"] }).to all(be_a(String))
      expect(payload["pauses"].map { |pause| pause["major"] }).to include(true)
    end
  end

  it "ask for no memory inside the hook" do
    out = WatchedProgram.run!(<<~RUBY, port: 9, interval: 0.05, gc_pauses: true, shim: :malloc_guard).out
      HeapPeriscopeAgent.start
      200.times { Array.new(2000) { +"x" * 50 }; GC.start if rand < 0.2 }
      GC.stress = true
      50.times { Object.new }
      GC.stress = false
      require "fiddle"
      hooks = Fiddle::Function.new(Fiddle.dlopen(nil)["heap_periscope_hooks"], [], Fiddle::TYPE_LONG).call
      print hooks > 50
    RUBY
    expect(out).to eq("true")
  end

  it "end before the first Ractor starts where the VM would crash on the hooks, else go on beside it" do
    out = WatchedProgram.run!(<<~RUBY, port: 9, interval: 60, gc_pauses: true, ruby: ["-W0", "--disable-gems"], env: { "RUBYOPT" => nil }).out
      HeapPeriscopeAgent.start
      print HeapPeriscopeAgent.gc_pauses[:single], " "
      20.times { Array.new(10) { Ractor.new { Array.new(500) { |n| [n, n.to_s] }.size } }.each { |one| one.respond_to?(:value) ? one.value : one.take } }
      HeapPeriscopeAgent.configure { |config| config.gc_pauses = true }
      HeapPeriscopeAgent.report_once!
      print HeapPeriscopeAgent.gc_pauses[:single]
    RUBY
    expect(out).to eq("true #{!HeapPeriscopeAgent::Native.sampling_fragile?}")
  end
end
