# frozen_string_literal: true

require_relative "../../ui_helper"

RSpec.describe HeapPeriscopeUi::Collector::Datagram do
  subject(:reader) { described_class.new }

  let(:now) { 1_800_000_000_000 }
  let(:message) { SampleData.snapshot(SampleData.members.first, 1_210, now) }
  let(:bytes) { JSON.generate(message) }

  # @return [String, nil] the reason a datagram was refused for
  def refusal(bytes)
    reader.read(bytes.dup, now)
    nil
  rescue HeapPeriscopeUi::Collector::Refused => e
    e.message
  end

  def changed(**payload)
    JSON.generate(message.merge("payload" => message["payload"].merge(payload.transform_keys(&:to_s))))
  end

  it "takes what agents send" do
    expect(reader.read(bytes.dup, now)).to eq(without(message, "size", "immediate_sweep", "state"))
    expect(refusal(JSON.generate(SampleData.gc_report(SampleData.members.first, now)))).to be_nil
    expect(refusal(JSON.generate(SampleData.goodbye(SampleData.members.first, now)))).to be_nil
  end

  # What is for people or not known is not stored.
  def without(value, *keys)
    case value
    when Hash then value.key?("cost_share") ? value : value.except(*keys).compact.transform_values { |one| without(one, *keys) }
    when Array then value.map { |one| without(one, *keys) }
    else value
    end
  end

  it "refuses a datagram cut at any byte, and only by a known reason" do
    reasons = (0...bytes.bytesize).step(7).map { |length| refusal(bytes.byteslice(0, length)) }
    expect(reasons.uniq).to eq(["not JSON"])
  end

  it "never fails on bytes that were changed at random" do
    random = Random.new(1)
    reasons = Array.new(2_000) do
      copy = bytes.dup.force_encoding(Encoding::BINARY)
      random.rand(1..4).times { copy.setbyte(random.rand(copy.bytesize), random.rand(256)) }
      refusal(copy)
    end
    expect(reasons.compact.uniq - HeapPeriscopeUi::Collector::Refusals::MEANINGS.keys).to be_empty
  end

  it "refuses by size, encoding and form before it looks inside" do
    expect(refusal("x" * 65_508)).to eq("too long")
    expect(refusal("x" * 65_507)).to eq("not JSON")
    expect(refusal(bytes.sub("shop-web", "shop-\xff\xfe"))).to eq("bad text")
    expect(refusal("[1]")).to eq("not JSON")
    expect(refusal("")).to eq("not JSON")
    expect(refusal("null")).to eq("not JSON")
    expect(refusal(bytes.sub('"count":', '"count":NaN,"count2":'))).to eq("not JSON")
  end

  it "refuses deep nesting without walking it" do
    expect(refusal("{\"payload\":#{"[" * 30_000}#{"]" * 30_000}}")).to eq("too deep")
    expect(refusal("#{"{\"a\":" * 10_000}1#{"}" * 10_000}")).to eq("too deep")
  end

  it "refuses numbers out of range" do
    expect(refusal(changed(gc_stats: { "count" => -1 }))).to eq("number out of range")
    expect(refusal(changed(gc_stats: { "count" => 1 << 64 }))).to eq("number out of range")
    expect(refusal(bytes.sub(/"rss_bytes":\d+/, '"rss_bytes":1e999'))).to eq("number out of range").or eq("not JSON")
    expect(refusal(bytes.sub(/"rss_bytes":\d+/, "\"rss_bytes\":#{"9" * 20_000}"))).to eq("number out of range")
    expect(refusal(bytes.sub('"sequence":1', '"sequence":-5'))).to eq("number out of range")
    expect(refusal(bytes.sub('"part":1', '"part":9'))).to eq("number out of range")
    expect(refusal(bytes.sub('"interval":10.0', '"interval":0'))).to eq("number out of range")
  end

  it "refuses long texts and big tables" do
    one = { "count" => 1, "is_platform_class" => false }
    expect(refusal(changed(living_objects_by_class: { "A" * 1_025 => one }))).to eq("string too long")
    expect(refusal(changed(living_objects_by_class: Array.new(4_097) { |i| [i.to_s(36), {}] }.to_h))).to eq("too many keys")
    expect(refusal(JSON.generate(message.merge("service_name" => "x" * 300)))).to eq("string too long")
    expect(refusal(JSON.generate(message.merge("host" => "a\u0000b")))).to eq("bad text")
  end

  it "refuses wrong types wherever they stand" do
    sections = message["payload"].keys - ["allocation_sampling"]
    reasons = sections.product([1, "text", [1], [[]], { "a" => [] }, true]).filter_map do |section, value|
      refusal(changed(section => value))
    end
    expect(reasons.uniq).to eq(["wrong type"])
    %w[process_id service_name reported_at payload].each do |key|
      [nil, [], {}, true, 1.5].each do |value|
        next if key == "payload" && value == {}

        expect(refusal(JSON.generate(message.merge(key => value)))).to eq("wrong type"), "#{key}: #{value.inspect}"
      end
    end
  end

  it "takes sites without a file, and classes that grow in number while they shrink in bytes" do
    site = SampleData.site("String", nil, nil, "String#chars", 9).compact
    suspect = message["payload"]["leak_suspects"].first
    expect(refusal(changed(allocation_sites: [site, site.except("method", "stack")], retained_sites: [site]))).to be_nil
    expect(refusal(changed(leak_suspects: [suspect.merge("bytes_per_hour" => -5.5)]))).to be_nil
    expect(refusal(changed(leak_suspects: [suspect.merge("bytes_per_hour" => -1e30)]))).to eq("number out of range")
    expect(refusal(changed(allocation_sites: [site.merge("path" => "x.rb")]))).to eq("wrong type")
  end

  it "says where in the payload it was" do
    site = SampleData.site("String", "x.rb", 1, "x", 9)
    odd = site.merge("lifetimes" => [{ "objects" => 1 }, { "objects" => -1 }])
    expect { reader.read(changed(allocation_sites: [site, odd]), now) }
      .to raise_error(HeapPeriscopeUi::Collector::Refused) { |e| expect(e.place).to eq("allocation_sites[1].lifetimes[1].objects") }
    expect { reader.read(+"rubbish", now) }.to raise_error(HeapPeriscopeUi::Collector::Refused) { |e| expect(e.place).to be_nil }
  end

  it "refuses types and schemas it does not know" do
    expect(refusal(JSON.generate(message.merge("type" => "surprise")))).to eq("unknown type")
    expect(refusal(JSON.generate(message.merge("schema" => 2)))).to eq("unknown schema")
  end

  context "with secrets" do
    subject(:reader) { described_class.new(signatures: HeapPeriscopeUi::Collector::Signatures.new(secrets, window: 60)) }

    let(:secrets) { { "old" => "s" * 32, "new" => "t" * 32 } }

    def signed(message, key, secret = secrets[key]) = SampleData.signed(message, key, secret)

    it "takes what is signed with either key, once" do
      datagram = signed(message, "old")
      expect(refusal(datagram)).to be_nil
      expect(refusal(datagram)).to eq("seen before")
      expect(refusal(signed(message.merge("sequence" => 2), "new"))).to be_nil
    end

    it "refuses what is not signed, wrongly signed or changed, before it is parsed" do
      expect(refusal(bytes)).to eq("no signature")
      expect(refusal(signed(message, "other", "u" * 32))).to eq("bad signature")
      expect(refusal(signed(message, "old", "u" * 32))).to eq("bad signature")
      expect(refusal(signed(message, "old").sub("shop-web", "shop-wab"))).to eq("bad signature")
      expect(JSON).not_to receive(:parse)
      expect(refusal("#{signed(message, "old")} ")).to eq("bad signature")
    end

    it "refuses what is too old or ahead of time" do
      [-61_000, 61_000].each do |shift|
        other = SampleData.snapshot(SampleData.members.first, 0, now + shift)
        expect(refusal(signed(other, "old"))).to eq("outside the time window")
      end
    end
  end
end
