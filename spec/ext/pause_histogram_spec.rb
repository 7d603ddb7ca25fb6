# frozen_string_literal: true

require "heap_periscope_agent"

RSpec.describe "pause histogram", :native do
  FIGURES = %i[count total_ns max_ns minor major quantiles].freeze
  BOUNDS_MS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].freeze

  # @param rows [Array(Integer, Boolean)] length in ns, and whether the collection was a major one
  def histogram(rows, quantiles = [])
    FIGURES.zip(HeapPeriscopeAgent::Testing.pauses(rows, quantiles)).to_h
  end

  def quantiles(lengths, at) = histogram(lengths.map { |length| [length, false] }, at)[:quantiles]

  it "counts, sums and keeps the longest" do
    expect(histogram([[1_000, false], [3_000_000, true], [20_000, false]]))
      .to include(count: 3, total_ns: 3_021_000, max_ns: 3_000_000)
    expect(histogram([])).to include(count: 0, total_ns: 0, max_ns: 0, minor: [0] * 14, major: [0] * 14)
  end

  it "puts each pause into the bucket of its length, minor and major apart; a bound belongs to its own" do
    BOUNDS_MS.each_with_index do |bound, index|
      at = (bound * 1_000_000).round
      found = histogram([[at, false], [at + 1, true]])
      expect(found[:minor].each_index.select { |i| found[:minor][i] == 1 }).to eq([index])
      expect(found[:major].each_index.select { |i| found[:major][i] == 1 }).to eq([index + 1])
    end
  end

  it "is within 7 % of the truth as percentiles" do
    random = Random.new(RSpec.configuration.seed)
    pauses = Array.new(5000) { (10**random.rand(3.0..9.0)).to_i }
    sorted = pauses.sort
    at = [0.01, 0.5, 0.9, 0.95, 0.99]
    quantiles(pauses, at).zip(at).each do |found, quantile|
      truth = sorted[((quantile * sorted.size) + 0.5).floor - 1]
      expect(found).to be_within(truth * 0.07).of(truth)
    end
  end

  it "is exact for the shortest, and never above the longest" do
    (0..8).each { |ns| expect(quantiles([ns], [0.5])).to eq([ns]) }
    expect(quantiles([1_000_001] * 9, [0.0, 0.5, 1.0])).to all(be <= 1_000_001)
  end

  it "knows nothing of no pauses, and puts a week into the last bucket" do
    expect(quantiles([], [0.5, 0.99])).to eq([0, 0])
    expect(quantiles([2**50], [0.5])).to all(be > 2**38)
    expect(histogram([[2**50, true]])[:major].last).to eq(1)
  end
end
