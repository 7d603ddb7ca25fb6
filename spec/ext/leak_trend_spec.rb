# frozen_string_literal: true

require "heap_periscope_agent"
require "support/leak_series"

RSpec.describe "leak_trend" do
  def trend(values, floor: 0, moments: LeakSeries.moments(values.size))
    HeapPeriscopeAgent::Testing.leak_trend(moments, values, floor)
  end

  # One-sided p of Mann–Kendall with the normal approximation and Kendall's correction for ties.
  def mann_kendall(values)
    n = values.size
    s = values.each_with_index.to_a.combination(2).sum { |(a, _), (b, _)| b <=> a }
    ties = values.tally.values.sum { |t| t * (t - 1) * ((2 * t) + 5) }
    variance = ((n * (n - 1) * ((2 * n) + 5)) - ties) / 18.0
    0.5 * Math.erfc((s - 1) / Math.sqrt(variance) / Math.sqrt(2))
  end

  it "gives Mann–Kendall's p for a row whose slope is beyond doubt" do
    values = Array.new(12) { |i| 1_000 + (50 * i) }

    expect(trend(values)[:p]).to be_within(1e-12).of(mann_kendall(values))
  end

  it "corrects for ties" do
    values = [100, 110, 110, 120, 130, 130, 130, 140, 150, 150, 160, 170]

    expect(trend(values)[:p]).to be_within(1e-12).of(mann_kendall(values))
  end

  it "gives the slope an hour, with an interval that holds the truth" do
    random = Random.new(7)
    covered = Array.new(200) do
      values = Array.new(40) { |i| (5_000 + (30 * i) + (40 * LeakSeries.normal(random))).round }
      found = trend(values)
      (found[:per_hour] - (30 * 360)).abs <= found[:per_hour_error]
    end

    expect(covered.count(true)).to be >= 170
  end

  it "begins where the growth does" do
    values = Array.new(20, 500) + Array.new(20) { |i| 500 + (40 * i) }

    expect(trend(values)[:first]).to be_between(18, 22)
  end

  it "says nothing about few observations, no growth, or less than the floor" do
    expect(trend([1, 2, 3, 4, 5, 6])).to be_nil
    expect(trend(Array.new(20, 7))).to be_nil
    expect(trend(Array.new(20) { |i| 900 - i })).to be_nil
    expect(trend(Array.new(20) { |i| 900 + i }, floor: 100)).to be_nil
  end

  it "does not take the last value for growth that stays" do
    expect(trend(Array.new(19, 500) + [9_000])).to be_nil
  end

  it "judges the pace by allocations: a leak in a program that pauses is as steady" do
    allocated = Array.new(20) { |i| 100_000 * (i < 10 ? i : 9 + ((i - 9) * 0.1)) }.map(&:to_i)
    moments = allocated.each_with_index.map { |objects, i| [i * 10.0, objects, i] }
    found = trend(allocated.map { |objects| 300 + (objects / 1_000) }, moments: moments)

    expect(found[:late_share]).to be_between(0.45, 0.55)
    expect(found[:p]).to be < 0.001
  end

  it "tells growth that comes to rest by its late share" do
    values = Array.new(20) { |i| (10_000 * (1 - Math.exp(-i / 5.0))).round }

    expect(trend(values)[:late_share]).to be < 0.25
  end

  it "tells a step by its size" do
    expect(trend((Array.new(5, 100) + Array.new(10, 5_000)).each_with_index.map do |v, i|
      v + i
    end)[:largest_step]).to be > 0.8
  end

  it "knows a rise that came and went before" do
    tooth = Array.new(9) { |i| 1_000 + (100 * i) }

    expect(trend(tooth + tooth + tooth)[:repeats]).to be true
    expect(trend(Array.new(27) { |i| 1_000 + (100 * i) })[:repeats]).to be false
  end

  it "is not sure of a random walk" do
    random = Random.new(11)
    found = Array.new(300) do
      level = 100_000
      trend(Array.new(30) { level += (400 * LeakSeries.normal(random)).round }, floor: 100)
    end
    straight = found.compact.count { |one| one[:p] < 0.001 && one[:noise] < 0.05 }

    expect(straight).to be < 6
  end

  it "counts full collections that left the growth standing", :native do
    found = trend(Array.new(20) { |i| 1_000 + (100 * i) }, moments: LeakSeries.moments(20, major_every: 6))

    expect(found[:confirmations]).to eq 3
    expect(found[:confirmed_growth]).to be_within(300).of(1_800)
  end
end
