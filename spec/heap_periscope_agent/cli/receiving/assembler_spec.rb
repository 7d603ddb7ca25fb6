# frozen_string_literal: true

require "heap_periscope_agent/cli/receiving/assembler"
require "heap_periscope_agent/cli/receiving/datagram"
require_relative "../../../support/reports"

RSpec.describe HeapPeriscopeAgent::CLI::Assembler do
  include Reports

  subject(:assembler) { described_class.new }

  let(:now) { Time.now }

  def datagram(document, at: now)
    HeapPeriscopeAgent::CLI::Datagram.new(received(document), received_at: at, from: "127.0.0.1:5000")
  end

  def part(number, of:, at: now, sequence: 5, **payload)
    type = number == 1 ? "snapshot" : "snapshot_part"
    datagram(envelope(type, payload, part: number, parts: of, sequence: sequence), at: at)
  end

  it "passes on what came in one piece" do
    whole = datagram(snapshot)
    expect(assembler.add(whole)).to eq([whole])
  end

  it "puts parts together in whatever order they come, objects by key and arrays in part order" do
    parts = [part(1, of: 3, living_objects_by_class: { A: { count: 1 } }, allocation_sites: [1]),
             part(2, of: 3, living_objects_by_class: { B: { count: 2 } }, allocation_sites: [2]),
             part(3, of: 3, living_objects_by_spans: { job: [3] }, allocation_sites: [3])]
    reports = [parts[2], parts[0], parts[2], parts[1]].flat_map { |one| assembler.add(one) }
    expect(reports.map(&:type)).to eq(["snapshot"])
    expect(reports.first.payload).to eq(
      "living_objects_by_class" => { "A" => { "count" => 1 }, "B" => { "count" => 2 } },
      "allocation_sites" => [1, 2, 3], "living_objects_by_spans" => { "job" => [3] }
    )
    expect(assembler.missing_parts).to eq(0)
  end

  it "gives out what came of a report that is never completed, and counts the rest" do
    assembler.add(part(1, of: 3, gc_stats: { count: 1 }))
    expect(assembler.expire(now + 1)).to eq([])
    expect(assembler.expire(now + 3).map(&:payload)).to eq([{ "gc_stats" => { "count" => 1 } }])
    expect(assembler.missing_parts).to eq(2)
    expect(assembler.expire(now + 6)).to eq([])
  end

  it "drops parts whose first one never came" do
    assembler.add(part(2, of: 2, leak_suspects: []))
    expect(assembler.expire(now + 3)).to eq([])
    expect(assembler.missing_parts).to eq(1)
  end

  it "waits for a bounded number of reports" do
    reports = (1..1000).flat_map { |sequence| assembler.add(part(1, of: 2, sequence: sequence)) }
    expect(reports.size).to eq(1000 - described_class::MAX_PENDING)
  end

  it "waits with a bounded number of bytes" do
    large = JSON.generate(envelope("snapshot", { filling: "x" * 60_000 }, part: 1, parts: 2))
    finished = (1..500).sum do |sequence|
      bytes = large.sub('"sequence":1', %("sequence":#{sequence}))
      assembler.add(HeapPeriscopeAgent::CLI::Datagram.parse(bytes, received_at: now, from: "127.0.0.1:1")).size
    end
    expect((500 - finished) * 60_000).to be <= described_class::MAX_PENDING_BYTES
  end

  it "counts a part once, however often it comes" do
    1000.times { expect(assembler.add(part(1, of: 2))).to eq([]) }
    expect(assembler.add(part(2, of: 2)).size).to eq(1)
  end

  it "keeps instances apart" do
    one = part(1, of: 2)
    other = datagram(envelope("snapshot_part", {}, part: 2, parts: 2, sequence: 5, instance: "another"))
    expect([one, other].flat_map { |datagram| assembler.add(datagram) }).to eq([])
  end
end
