# frozen_string_literal: true

require "heap_periscope_agent"
require "support/leak_series"

RSpec.describe "leak_detector" do
  # Fifty classes as a healthy program has them: constant, noisy, churning.
  def background(index, random)
    Array.new(50) do |k|
      level = 200 * (k + 1)
      ["Healthy#{k}", level + (k.even? ? 0 : (level * 0.05 * LeakSeries.normal(random)).round)]
    end.to_h.merge("Clock" => index.odd? ? 100 : 4_000)
  end

  def highest(length, seed: 3, **options)
    random = Random.new(seed)
    rows = Array.new(length) { |i| background(i, random).merge("It" => yield(i, random)) }
    LeakSeries.highest(LeakSeries.detect(rows, **options))
  end

  context "with a leak" do
    it "is sure of steady growth" do
      expect(highest(30) { |i, _| 1_000 + (60 * i) }).to eq("It" => :high)
    end

    it "sees it among noise larger than what one observation brings" do
      expect(highest(64) { |i, random| 20_000 + (60 * i) + (100 * LeakSeries.normal(random)).round }["It"]).to eq :high
    end

    it "names it within 12 observations of its beginning" do
      found = highest(52) { |i, random| 1_000 + (i < 40 ? 0 : 80 * (i - 40)) + (10 * LeakSeries.normal(random)).round }

      expect(found).to eq("It" => :medium)
    end

    it "sees growth of bytes without growth of numbers" do
      found = highest(24) { |i, _| [500, 100_000 + (30_000 * i)] }

      expect(found).to eq("It" => :high)
    end

    it "sees one that begins after a warm-up of many times its size" do
      found = highest(40) { |i, _| [20_000, 5_000 * i].min + (i < 20 ? 0 : 70 * (i - 20)) }

      expect(found["It"]).to eq :high
    end

    it "sees a slow one in a history that is thinned again and again" do
      expect(highest(600) { |i, random| 3_000 + (i / 2) + (2 * LeakSeries.normal(random)).round }["It"]).to eq :high
    end

    it "sees one that hides under a sawtooth" do
      expect(highest(60) { |i, _| 1_000 + (40 * i) + (30 * (i % 5)) }["It"]).to eq :high
    end
  end

  context "when something hides a leak for a while" do
    let(:growth) { Array.new(20) { |i| 1_000 + (60 * i) } }

    def suspected(values)
      LeakSeries.detect(values.map { |value| { "It" => value } }).map(&:any?)
    end

    # What a request holds becomes old at once when a full collection comes in its midst, and goes with a later one.
    it "sees it beneath jumps of garbage three times as large as what it brings between two observations" do
      jumps = [0, 0, 1, 0, 1, 1, 0, 0, 0, 1, 0, 0]
      found = (0...jumps.size).map do |turn|
        highest(20) { |i, _| 600 + (i < 8 ? 0 : 5_800 * (i - 8)) + (20_000 * jumps.rotate(turn)[i % jumps.size]) }
      end

      expect(found.map(&:keys)).to all(eq(["It"]))
    end

    it "stays with a suspect for three observations" do
      expect(suspected(growth + ([1_800] * 6)).last(7)).to eq [true, true, true, true, true, false, false]
    end

    it "lets go of one at once when half of the growth went" do
      expect(suspected(growth + ([1_400] * 3)).last(4)).to eq [true, false, false, false]
    end
  end

  context "without" do
    it "says nothing of a constant or noisy class" do
      found = (1..5).map do |seed|
        highest(120, seed: seed) do |_, random|
          5_000 + (500 * LeakSeries.normal(random)).round
        end
      end

      expect(found).to all(be_empty)
    end

    it "says nothing of a sawtooth", :aggregate_failures do
      [3, 5, 6].each do |period|
        expect(highest(180) { |i, _| 2_000 + (200 * (i % period)) }).to be_empty, "period #{period}"
      end
    end

    it "suspects the first tooth of a slow sawtooth at most, and never again", :aggregate_failures do
      [7, 8, 10, 16].each do |period|
        rows = Array.new(180) { |i| { "It" => 2_000 + (200 * (i % period)) } }
        findings = LeakSeries.detect(rows, major_every: nil)
        expect(LeakSeries.highest(findings.first(period)).values).to all(eq(:low))
        expect(findings.drop(period + 1).flatten).to be_empty, "period #{period}"
      end
    end

    it "says nothing of a step" do
      expect(highest(60) { |i, _| i < 25 ? 1_000 : 9_000 }).to be_empty
    end

    it "is never sure of a warm-up", :aggregate_failures do
      [2, 4, 6, 10].each do |pace|
        found = highest(180) { |i, _| (20_000 * (1 - Math.exp(-i / pace.to_f))).round }
        expect(found.values).to all(eq(:low)), "comes to rest over #{pace} observations: #{found}"
      end
    end

    it "is never sure of a cache that fills and stays" do
      expect(highest(180) { |i, _| [1_000 + (1_000 * i), 7_000].min }.values).to all(eq(:low))
    end

    it "is rarely sure of a random walk" do
      sure = (1..20).count do |seed|
        level = 50_000
        highest(100, seed: seed) { |_, random| level += (300 * LeakSeries.normal(random)).round }
          .slice("It").values.any? { |confidence| confidence != :low }
      end

      expect(sure).to be <= 2
    end
  end

  context "with old garbage" do
    def churn(index) = 1_000 + (500 * (index % 20))

    it "is not sure before two full collections have passed over the growth", :aggregate_failures do
      { nil => :low, 15 => :low, 10 => :high }.each do |major_every, level|
        found = highest(major_every ? 24 : 60, major_every: major_every) { |i, _| 1_000 + (60 * i) }
        expect(found).to eq("It" => level), "one every #{major_every.inspect} observations"
      end
    end

    it "is not sure where the full collection made as much old in passing as it cleared", :aggregate_failures do
      { 0 => :high, 100_000 => :low }.each do |jump, level|
        found = highest(34, major_every: 15) { |i, _| [1_000 + (10 * i), 40_000 + (400 * i) + (i < 15 ? 0 : jump)] }
        expect(found).to eq("It" => level), "bytes jump by #{jump}"
      end
    end

    it "is not sure of a warm-up that garbage hides, which grows on top of it" do
      sure = [4, 6, 8, 10].product([8, 10, 12], [800, 1_000, 1_500]).select do |pace, cleared, garbage|
        found = highest(2 * cleared, major_every: cleared) do |i, _|
          (20_000 * (1 - Math.exp(-i / pace.to_f))).round + (garbage * [i - cleared, 0].max)
        end
        %i[medium high].include?(found["It"])
      end
      expect(sure).to be_empty
    end

    it "forgets its suspicion when a full collection clears the growth, and does not come back to it" do
      random = Random.new(1)
      rows = Array.new(80) { |i| background(i, random).merge("It" => churn(i)) }
      findings = LeakSeries.detect(rows, major_every: 20)

      expect(LeakSeries.highest(findings.first(20))).to eq("It" => :low)
      expect(findings.drop(21).flatten).to be_empty
    end
  end

  it "passes over a census that no collection preceded", :native do
    detector = HeapPeriscopeAgent::Testing::LeakDetector.new
    detector.observe(LeakSeries.moment(0), 5, { "A" => [1, 40] })

    expect(detector.observe(LeakSeries.moment(1), 5, { "A" => [1, 40] })).to be_nil
    expect(detector.observe(LeakSeries.moment(2), 6, { "A" => [1, 40] })).to eq []
    expect(detector.figures[:observations]).to eq 2
  end

  it "says what the VM keeps for itself with low confidence only" do
    rows = Array.new(40) { |i| { "(internal)" => 1_000 + (100 * i) } }

    expect(LeakSeries.highest(LeakSeries.detect(rows))).to eq("(internal)" => :low)
  end

  it "tells a suspect as news once for each level it reaches", :native do
    findings = LeakSeries.detect(Array.new(40) { |i| { "It" => 1_000 + (60 * i) } })
    news = findings.flatten.select { |finding| finding[:news] }

    expect(news.map { |finding| finding[:confidence] }).to eq %i[low medium high]
  end

  it "orders by bytes an hour", :native do
    findings = LeakSeries.detect(Array.new(30) do |i|
      { "Small" => [500 + (90 * i), 40_000 + (3_600 * i)], "Large" => [500 + (30 * i), 90_000 * i] }
    end)

    expect(findings.last.map { |finding| finding[:class_name] }).to eq %w[Large Small]
  end

  it "keeps to its memory: classes with the fewest bytes give way and are counted" do
    detector = HeapPeriscopeAgent::Testing::LeakDetector.new
    3.times do |i|
      detector.observe(LeakSeries.moment(i), i, Array.new(1_500) { |k| ["C#{k}", [k + 1, 40 * (k + 1)]] }.to_h)
    end

    expect(detector.figures).to include(classes: 1_024)
    expect(detector.figures[:evicted]).to be > 0
  end

  it "finds a leak among more classes than it can remember" do
    rows = Array.new(40) do |i|
      Array.new(1_200) { |k| ["C#{k}", [10, 400]] }.to_h.merge("Late" => [100 * i, 8_000 * i])
    end

    expect(LeakSeries.highest(LeakSeries.detect(rows))["Late"]).to eq :high
  end
end
