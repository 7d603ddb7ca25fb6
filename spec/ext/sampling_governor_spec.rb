# frozen_string_literal: true

require "heap_periscope_agent"

RSpec.describe "sampling governor", :native do
  # A program that allocates `rate` objects a second of processor time, in windows as the governor plans them.
  def simulate(budget: 0.01, object_ns: 40, rate: 5_000_000, overhead_ns: 60_000, windows: 400, burst_ns: 0, waits: {})
    notes = []
    spent = elapsed = 0
    plan = { gap_ns: 30_000_000, length_ns: 1_000_000, stack_every: 256.0 }
    windows.times do |number|
      seen = [(rate * plan[:length_ns] / 1e9).round, 20_000_000].min
      stacks = (seen / plan[:stack_every]).round
      notes << { elapsed_ns: plan[:gap_ns], process_cpu_ns: plan[:gap_ns], allocated: (rate * plan[:gap_ns] / 1e9).round,
                 seen: seen, stacks: stacks, stack_ns: 2000, latency_ns: waits.fetch(number, burst_ns),
                 overhead_ns: overhead_ns }
      spent += (seen * object_ns) + (stacks * 2000) + overhead_ns
      elapsed += plan[:gap_ns]
      plan = HeapPeriscopeAgent::Testing.governor(budget, object_ns, notes).last
    end
    plan.merge(cost: spent / elapsed.to_f)
  end

  it "keeps the cost within the budget" do
    [100_000, 2_000_000, 50_000_000].each do |rate|
      expect(simulate(rate: rate)[:cost]).to be <= 0.0105
    end
  end

  it "keeps windows longer than the bursts it has seen, whatever they cost" do
    cheap = simulate(rate: 1_000_000, burst_ns: 8_000_000)
    dear = simulate(rate: 50_000_000, object_ns: 400, burst_ns: 8_000_000)
    expect([cheap[:length_ns], dear[:length_ns]]).to all(be >= 16_000_000)
    expect(dear[:gap_ns]).to be > cheap[:gap_ns]
  end

  it "does not take one long wait for a burst" do
    usual = simulate(windows: 30)
    waited = simulate(windows: 30, waits: { 0 => 80_000_000 })
    expect(waited[:length_ns]).to be_within(1_000_000).of(usual[:length_ns])
  end

  it "takes fewer stacks where they make up most of the cost" do
    expect(simulate(rate: 20_000_000, overhead_ns: 1000)[:stack_every]).to be > 100
  end

  it "backs off where even the widest gap costs too much" do
    plan = simulate(budget: 0.0001, rate: 100_000_000, object_ns: 500, burst_ns: 20_000_000, windows: 100)
    expect(plan).to include(backing_off: true)
    expect(plan[:gap_ns]).to be > 10_000_000_000
  end

  it "needs no more than a stretch twice as long as its window" do
    plan = simulate(budget: 1.0, rate: 1_000_000)
    expect(plan[:gap_ns]).to be >= 2 * plan[:length_ns]
  end
end
