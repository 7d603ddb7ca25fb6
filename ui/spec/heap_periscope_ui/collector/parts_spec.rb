# frozen_string_literal: true

require_relative "../../ui_helper"

RSpec.describe HeapPeriscopeUi::Collector::Assembler do
  subject(:assembler) { described_class.new }

  let(:now) { 1_800_000_000_000 }

  def part(number, payload, parts: 3, sequence: 1, instance: "a")
    { "type" => number == 1 ? "snapshot" : "snapshot_part", "instance" => instance, "sequence" => sequence, "part" => number,
      "parts" => parts, "payload" => payload, "_bytes" => 100 }
  end

  it "merges objects by key and appends arrays in the order of the parts, whatever order they come in" do
    spans = { "controller" => [{ "name" => "A#b" }] }
    expect(assembler.add(part(3, { "classes" => { "C" => 3 }, "list" => [3] }), now)).to be_nil
    expect(assembler.add(part(1, { "classes" => { "A" => 1 }, "list" => [1], "spans" => spans }), now)).to be_nil
    whole = assembler.add(part(2, { "classes" => { "B" => 2 }, "list" => [2], "spans" => { "controller" => [{ "name" => "C#d" }] } }), now)

    expect(whole).to include("type" => "snapshot", "_parts" => 3, "_bytes" => 300)
    expect(whole["payload"]).to eq("classes" => { "A" => 1, "B" => 2, "C" => 3 }, "list" => [1, 2, 3],
                                   "spans" => { "controller" => [{ "name" => "A#b" }, { "name" => "C#d" }] })
  end

  it "gives out what came when the rest does not, and counts what is missing" do
    assembler.add(part(1, { "a" => 1 }), now)
    expect(assembler.overdue(now + 1_000)).to be_empty
    expect(assembler.overdue(now + 2_001)).to match([include("_parts" => 1)])
    expect([assembler.parts_lost, assembler.size]).to eq([2, 0])
  end

  it "holds a bounded number of reports" do
    2_000.times { |i| assembler.add(part(1, {}, sequence: i), now) }
    assembler.overdue(now)
    expect(assembler.size).to be <= described_class::LIMIT
  end
end

RSpec.describe HeapPeriscopeUi::Collector::ReplayWindow do
  subject(:window) { described_class.new(keep_ms: 120_000, limit: 100) }

  it "takes each sequence once, in any order near the newest" do
    taken = [5, 3, 4, 5, 3, 900, 4, 6].map { |sequence| window.fresh?("a", sequence, 1, 0) }
    expect(taken).to eq([true, true, true, false, false, true, false, true])
    expect(window.fresh?("a", 900, 2, 0)).to be(true)
  end

  it "takes what is older than it remembers for seen" do
    window.fresh?("a", 5_000, 1, 0)
    expect(window.fresh?("a", 5_000 - described_class::WIDTH, 1, 0)).to be(false)
  end

  it "takes nothing that an earlier collector has taken" do
    window = described_class.new(keep_ms: 120_000, last: ->(instance) { 7 if instance == "a" })
    taken = [["a", 7], ["a", 3], ["a", 8], ["a", 8], ["b", 3], ["b", 3]].map { |instance, sequence| window.fresh?(instance, sequence, 1, 0) }
    expect(taken).to eq([false, false, true, false, true, false])
    expect(window.fresh?("a", 7, 2, 0)).to be(false)
  end

  it "forgets instances only when their datagrams are too old anyway" do
    100.times { |i| window.fresh?("i#{i}", 1, 1, 0) }
    expect(window.fresh?("one more", 1, 1, 1_000)).to be(false)
    expect(window.fresh?("one more", 1, 1, 121_000)).to be(true)
  end
end

RSpec.describe HeapPeriscopeUi::Collector::Inbox do
  it "holds no more than its limit and counts what did not fit" do
    inbox = described_class.new(10)
    inbox.push(Array.new(15) { |i| "datagram #{i}" }, 1)
    expect([inbox.size, inbox.dropped, inbox.highest]).to eq([10, 5, 10])
    expect(inbox.take(3, 0)).to eq([["datagram 0", 1], ["datagram 1", 1], ["datagram 2", 1]])
    expect(inbox.take(100, 0).size).to eq(7)
  end

  it "gathers until there are as many as asked for, or the time is up" do
    inbox = described_class.new(10)
    inbox.push(%w[a], 1)
    taker = Thread.new { inbox.take(3, 60) }
    Thread.pass until taker.stop?
    inbox.push(%w[b c d], 2)
    expect(taker.value).to eq([["a", 1], ["b", 2], ["c", 2]])
    expect(inbox.take(3, 0.01)).to eq([["d", 2]])
  end

  it "gives what there is at once when it is closed" do
    inbox = described_class.new(10)
    taker = Thread.new { inbox.take(3, 60) }
    Thread.pass until taker.stop?
    inbox.push(%w[a], 1)
    inbox.close
    expect(taker.value).to eq([["a", 1]])
  end
end

RSpec.describe HeapPeriscopeUi::Complaints do
  include_context "with its log kept"

  let(:lines) { log.string.lines.map(&:chomp) }
  let(:clock) { [0.0] }
  let(:complaints) { described_class.new("write", clock: -> { clock[0] }) }

  # @return [Array<String>] what the log says after its own head
  def said
    log.string.lines.map { |line| line[/-- : (.*)/, 1] }
  end

  it "says an error once a minute a kind, with how many came, whatever their order" do
    3_000.times do |i|
      clock[0] = i * 0.06 # three minutes
      complaints.log(i.even? ? IOError.new("away") : ArgumentError.new("busy"))
    end
    expect(said.size).to eq(6)
    expect(said.first(3)).to eq(["heap_periscope_ui could not write: IOError: away", "heap_periscope_ui could not write: ArgumentError: busy",
                                 "heap_periscope_ui could not write (500 times since the last word of it): IOError: away"])
  end

  it "says that it happens again after it was over for a while" do
    complaints.log(IOError.new("away"))
    clock[0] = 3_600
    complaints.log(IOError.new("away again"))
    expect(said.last).to end_with("IOError: away again")
    expect(said.size).to eq(2)
  end

  it "cuts what it says to a line of 300 bytes that no terminal obeys" do
    complaints.log(IOError.new("\e[31mx\xff#{"é" * 500_000_0}\nmore"))
    expect(said.join).to start_with("heap_periscope_ui could not write: IOError: ?[31mx?é")
    expect(log.string.bytesize).to be < 500
  end
end
