# frozen_string_literal: true

require "heap_periscope_agent/cli/top"

RSpec.describe HeapPeriscopeAgent::CLI::Top::Series do
  let(:start) { Time.at(1_700_000_000) }

  def series(span_s, points)
    described_class.new(span_s).tap { |series| points.each { |after, value| series.add(start + after, value) } }
  end

  describe "#rate" do
    it "is growth a second between the last value and one that is far enough back" do
      points = { 0 => 0, 10 => 100, 20 => 400 }
      expect(series(60, points).rate(0)).to eq(30)
      expect(series(60, points).rate(15)).to eq(20)
      expect(series(60, points).rate(60)).to eq(20)
    end

    it "is not known from one value, nor where the counter began anew" do
      expect(series(60, 0 => 5).rate(0)).to be_nil
      expect(series(60, 0 => 5, 1 => 3).rate(0)).to be_nil
    end

    it "is not confused by a clock that was set back" do
      expect(series(60, { 10 => 100, 5 => 200, 20 => 300 }).rate(0)).to eq(20)
    end
  end

  it "forgets what is older than its span and keeps a bounded number" do
    long = series(60, (0..200).to_h { |second| [second, second * second] })
    expect(long.rate(1000)).to be_within(1).of(((200**2) - (140**2)) / 60.0)
    many = described_class.new(10_000)
    5000.times { |index| many.add(start + (index / 10.0), index) }
    expect(many.instance_variable_get(:@points).size).to eq(1000)
  end

  it "gives equal stretches of time, with the last known value in each" do
    expect(series(300, { 0 => 1, 100 => 2, 290 => 3 }).cells(6, start + 300)).to eq([1, 2, 2, 2, 2, 3])
    expect(series(300, { 250 => 7 }).cells(3, start + 300)).to eq([nil, nil, 7])
    expect(series(300, {}).cells(2, start)).to eq([nil, nil])
  end
end
