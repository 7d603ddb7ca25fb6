# frozen_string_literal: true

require "heap_periscope_agent"

RSpec.describe "kinds of windows", :native do
  gaps = [10_000_000, 40_000_000, 160_000_000]

  def kinds(notes, gaps:, shortest_ns: 1_000_000)
    rows = HeapPeriscopeAgent::Testing.window_kinds(shortest_ns, gaps, notes)
    rows.map { |row| %i[length_ns chance cost_ns].zip(row).to_h }
  end

  # The share of the program's time that windows of each kind stand for.
  def times(rows, gaps)
    parts = rows.zip(gaps).map { |row, gap| row[:chance] * gap }
    parts.map { |part| part / parts.sum }
  end

  # Windows whose spread is that of `spreads` for their kind.
  def noted(spreads) = spreads.each_with_index.flat_map { |spread, kind| [[kind, 1e5, spread]] * 20 }

  it "are each four times as long as the one before, 100 ms at most" do
    expect(kinds([], gaps: gaps).map { |kind| kind[:length_ns] }).to eq([1_000_000, 4_000_000, 16_000_000])
    expect(kinds([], gaps: gaps, shortest_ns: 40_000_000).map { |kind| kind[:length_ns] }).to eq([40_000_000, 100_000_000, 100_000_000])
  end

  it "get the same time each while nothing is known of them" do
    expect(times(kinds([], gaps: gaps), gaps)).to all(be_within(0.05).of(1 / 3.0))
  end

  it "are judged by what they leave uncertain for the same money" do
    slow_phases = kinds(noted([0.25, 0.25, 0.25]), gaps: gaps) # a longer window tells no more than a short one
    quick_rounds = kinds(noted([0.25, 0.05, 0.001]), gaps: gaps)
    expect(times(slow_phases, gaps)).to match([be > 0.98, be_within(0.002).of(0.05 / 4), be_within(0.001).of(0.05 / 16)])
    expect(times(quick_rounds, gaps)).to match([be_within(0.001).of(0.05 * 0.16 / 2.5), be_within(0.001).of(0.05 * 0.16 / 2), be > 0.98])
  end

  it "cost what is expected of them until some were seen" do
    expect(kinds([], gaps: gaps).map { |kind| kind[:cost_ns] }).to all(eq(1e6))
    expect(kinds([[1, 2e5, 0.1]] * 200, gaps: gaps)[1][:cost_ns]).to be_within(5e4).of(2e5)
  end
end
