# frozen_string_literal: true

require_relative "../../ui_helper"

# Datagrams that were seen to hurt, and their kinds.
RSpec.describe HeapPeriscopeUi::Collector, "and datagrams that mean harm", :store do
  include_context "with its log kept"

  let(:now) { HeapPeriscopeUi::Timestamps.now }
  let(:member) { SampleData.members.first }
  let(:message) { SampleData.snapshot(member, 1_260, now) }
  let(:housekeeper) { HeapPeriscopeUi::Store::Housekeeper.new(HeapPeriscopeUi.store) }
  let(:inbox) { described_class::Inbox.new(100_000) }
  let(:writer) do
    described_class::Writer.new(inbox, store: HeapPeriscopeUi.store, config: HeapPeriscopeUi.configuration, housekeeper: housekeeper, beat: ->(_) {})
  end

  # Has the writer take datagrams as if they had arrived together.
  def take(*datagrams)
    inbox.push(datagrams.map { |one| one.is_a?(Hash) ? JSON.generate(one) : one.dup }, now)
    writer.stop
    writer.run
  end

  def with(payload)
    message.merge("payload" => message["payload"].merge(payload))
  end

  # @return [Hash] a copy in which the value at the path is another
  def put(value, *path)
    copy = JSON.parse(JSON.generate(message))
    path[0..-2].reduce(copy) { |object, key| object[key] }[path.last] = value
    copy
  end

  # @return [Array<Array>] path of every value in the message
  def paths(value = message, path = [])
    case value
    when Hash then [path] + value.flat_map { |key, one| paths(one, [*path, key]) }
    when Array then [path] + value.first(1).flat_map { |one| paths(one, [*path, 0]) }
    else [path]
    end
  end

  it "does not multiply a text, and logs 300 bytes of what it refuses" do
    take(with("agent_cost" => { "core_share" => "x" * 1_000, "gvl_ms" => "y" * 300 }))
    expect(writer.counters.refused).to eq("wrong type" => 1)
    expect(log.string.lines.map(&:bytesize).max).to be < 500
  end

  it "refuses a value of the wrong type at every place, or does not keep it; and stores what it lets in" do
    wrong = [nil, "text" * 20, 1.5, -1, 1 << 62, [], { "a" => 1 }, true, "\xED\xB0\x80"]
    datagrams = paths.drop(1).product(wrong).map { |path, value| JSON.generate(put(value == "\xED\xB0\x80" ? "HALF" : value, *path)).sub('"HALF"', '"\udc00x"') }
    datagrams.each_slice(500) { |slice| inbox.push(slice, now) }
    take
    expect(writer.counters).to have_attributes(divided: 0, failed: 0)
    expect(writer.counters.stored + writer.counters.refused.values.sum).to eq(datagrams.size)
    expect(HeapPeriscopeUi::ObservedProcess.sum(:received)).to eq(writer.counters.stored)
  end

  it "takes no half of a character, wherever it stands" do
    texts = %w[service_name host ruby].map { |key| JSON.generate(message.merge(key => "HALF")) }
    texts += [with("living_objects_by_class" => { "HALF" => { "count" => 1 } }), with("gc_stats" => { "HALF" => 1 }),
              with("retained_sites" => [SampleData.site("String", "x.rb", 1, "x", 1).merge("stack" => ["HALF"])])].map { |one| JSON.generate(one) }
    take(*texts.map { |text| text.sub("HALF", '\udc00x') }, message)
    # Some versions of the JSON library do not read them.
    expect(writer.counters.refused).to eq("bad text" => 6).or eq("not JSON" => 6)
    expect(writer.counters).to have_attributes(stored: 1, divided: 0)
  end

  it "keeps of a farewell its reason, and of an envelope what it knows" do
    name = "N#{"x" * 60_000}"
    take(message.merge("type" => "goodbye", "payload" => { "reason" => "exit", "living_objects_by_class" => { name => { "count" => 1 } } }),
         message.merge("sequence" => 2, "_parts" => "many", "_bytes" => {}, "_at" => "now"))
    expect(writer.counters).to have_attributes(stored: 2, failed: 0)
    expect(HeapPeriscopeUi::Name.where("LENGTH(text) > 1024")).to be_empty
  end

  it "does not parse what holds too many values" do
    expect(JSON).not_to receive(:parse)
    take("{\"payload\":[#{"{}," * 20_100}{}]}")
    expect(writer.counters.refused).to eq("too many keys" => 1)
  end

  it "takes a path of nothing but spaces for none" do
    take(with("allocation_sites" => [SampleData.site("String", " ", 1, " ", 1)]).merge("sequence" => 9))
    expect(writer.counters).to have_attributes(stored: 1, divided: 0)
  end

  it "takes no instance that a row of its own could have" do
    take(message.merge("instance" => "deleted:1"))
    expect(writer.counters.refused).to eq("bad text" => 1)
  end

  it "clamps gaps in the sequence, so that their sum stays a number" do
    take(*Array.new(6) { |i| message.merge("sequence" => 1 + (i * (1 << 50))) })
    expect(writer.counters.stored).to eq(6)
    expect(HeapPeriscopeUi::ObservedProcess.sum(:lost)).to eq(5 * HeapPeriscopeUi::Store::ProcessState::GAP)
  end

  it "counts pauses of bounds that it does not know, in the next longer bucket" do
    buckets = [{ "le_ms" => 1, "minor" => 3, "major" => 0 }, { "le_ms" => 1.5, "minor" => 4, "major" => 1 }, { "le_ms" => nil, "minor" => 0, "major" => 2 }]
    take(with("gc_pauses" => message["payload"]["gc_pauses"].merge("count" => 10, "buckets" => buckets)))
    answer = HeapPeriscopeUi::PausesQuery.new(HeapPeriscopeUi::ObservedProcess.first, HeapPeriscopeUi::TimeRange.new(now - 1_000, now + 1_000)).call
    counts = answer[:buckets].to_h { |bucket| [bucket[:le_ms], bucket.values_at(:minor, :major)] }
    expect(counts.reject { |_, pair| pair.sum.zero? }).to eq(1 => [3, 0], 2 => [4, 1], nil => [0, 2])
    expect(writer.notices).to eq(pauses_of_unknown_buckets: 5)
  end
end
