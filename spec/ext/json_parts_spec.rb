# frozen_string_literal: true

require "heap_periscope_agent"
require "json"
require "time"
require_relative "../support/watched_program"

RSpec.describe "writing JSON", :native do
  let(:testing) { HeapPeriscopeAgent::Testing }

  def parse(parts)
    parts.map { |text| JSON.parse("{#{text}}") }
  end

  def merge(parts)
    parse(parts).reduce do |whole, more|
      whole.merge(more) { |_, old, new| old.is_a?(Array) ? old + new : old.merge(new) }
    end
  end

  # Sections as a report has them: whole ones and others, entries of any length, no two alike.
  def random_sections(random)
    %w[objects list more].map do |name|
      entries = Array.new(random.rand(0..40)) { |n| [n.to_s, "v" * random.rand(0..60)] }
      object = name == "objects"
      texts = entries.map { |key, value| object ? "\"#{key}\":\"#{value}\"" : JSON.generate([key, value]) }
      [name, object ? "{" : "[", random.rand < 0.5, texts, entries]
    end
  end

  # What has room in a part of its own must be there; the rest is there or counted.
  def expect_packed(parts, dropped, sections, limit, ceiling)
    expect(parts[0].bytesize).to be <= ceiling
    expect(parts.drop(1).map(&:bytesize)).to all(be <= limit)
    packed = parse(parts)
    expect(packed.filter_map { |part| part["value"] }).to eq([12_345])
    missing = sections.flat_map { |section| bytes_of_missing(section, packed) }
    expect(missing).to all(be > limit)
    expect(dropped).to eq(missing.size)
  end

  # How long a part would be that has nothing but one of the section's missing entries, for each of them.
  def bytes_of_missing((name, _, _, texts, entries), packed)
    kept = packed.flat_map { |part| part.fetch(name, []).to_a }
    expect(kept).to eq(entries & kept)
    texts.zip(entries).reject { |_, entry| kept.include?(entry) }.map { |text, _| "\"#{name}\":[#{text}]".bytesize }
  end

  { "seeds of its own" => 1..100, "the run's seed" => [RSpec.configuration.seed] }.each do |what, seeds|
    it "packs sections into parts within their limits, none repeating an entry nor missing one that fits, with #{what}" do
      seeds.each do |seed|
        random = Random.new(seed)
        10.times do
          limit = random.rand(50..400)
          ceiling = limit + (random.rand < 0.5 ? 0 : random.rand(0..1000))
          sections = random_sections(random)
          parts, dropped = testing.json_parts(limit, ceiling, sections.map { |section| section.first(4) } + [%w[value 12345]])
          expect_packed(parts, dropped, sections, limit, ceiling)
        end
      end
    end
  end

  it "keeps whole sections in the first part up to the ceiling, and goes on in the next where they are larger" do
    entries = Array.new(40) { |n| "\"k#{n}\":#{n}" }
    sections = [["first", "{", true, entries], ["second", "{", true, entries], ["third", "[", false, %w[1 2]]]
    parts, dropped = testing.json_parts(100, 10_000, sections)
    expect(parse(parts)[0].keys).to eq(%w[first second])
    expect(parts[0].bytesize).to be > 100
    expect([parts.size, dropped]).to eq([2, 0])

    parts, dropped = testing.json_parts(100, 300, sections)
    expect(parts[0].bytesize).to be_between(250, 300)
    expect(parts.drop(1).map(&:bytesize)).to all(be <= 100)
    expect(merge(parts)).to eq("first" => (0...40).to_h { |n| ["k#{n}", n] },
                               "second" => (0...40).to_h { |n| ["k#{n}", n] }, "third" => [1, 2])
    expect(dropped).to eq(0)
  end

  it "drops an entry that fits no part, and counts it" do
    parts, dropped = testing.json_parts(60, 60, [["list", "[", false, ["1", JSON.generate("x" * 100), "2"]],
                                                 ["value", JSON.generate("y" * 100)]])
    expect(merge(parts)).to eq("list" => [1, 2])
    expect(dropped).to eq(2)
  end

  it "writes any bytes as valid UTF-8, what is none as U+FFFD" do
    random = Random.new(RSpec.configuration.seed)
    texts = Array.new(300) { random.bytes(random.rand(0..40)) }
    texts += ["", "\0", "\e[31m", "\"\\/\b\f\n\r\t", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82", "ö€😀", "\u2028",
              "</script>", "a" * 100_000]
    texts.each do |text|
      json = testing.json_string(text.b)
      expect(json).to be_valid_encoding
      parsed = JSON.parse("[#{json}]").first
      utf8 = text.dup.force_encoding("UTF-8")
      expect(parsed.delete("\u{FFFD}")).to eq(utf8.scrub("").delete("\u{FFFD}"))
      expect(parsed).to eq(utf8) if utf8.valid_encoding?
    end
  end

  it "writes numbers a parser takes, in few digits, and null for what is none" do
    { 0.0 => "0.0", 1.5 => "1.5", 2.0 => "2.0", 0.1234567 => "0.123", 1e15 => "1000000000000000.0",
      Float::NAN => "null", Float::INFINITY => "null", -0.25 => "-0.25" }.each do |number, text|
      expect(testing.json_number(number, 3)).to eq(text)
    end
    expect(testing.json_number(0.000125, 6)).to eq("0.000125")
    expect(JSON.parse(testing.json_number(Float::MAX, 3))).to be_within(1e300).of(Float::MAX)
  end

  it "writes moments as Ruby does, in every year that the nanoseconds reach" do
    random = Random.new(RSpec.configuration.seed)
    edges = %w[1970-01-01 1999-12-31 2000-02-29 2000-03-01 2026-11-26 2100-02-28 2100-03-01 2400-02-29 2554-07-20]
            .map { |day| Time.parse("#{day} UTC") }
    times = edges.flat_map { |time| [time, time + 86_399.999] } + Array.new(2000) { Time.at(0, random.rand((2**64) - 1), :nsec) }
    times.each do |time|
      nanoseconds = (time.to_r * 1_000_000_000).to_i
      expect(JSON.parse(testing.json_time(nanoseconds))["at"]).to eq(Time.at(0, nanoseconds, :nsec).utc.floor(3).iso8601(3))
    end
  end

  it "writes points whatever the program's locale says" do
    script = <<~'RUBY'
      require "fiddle"
      set = Fiddle::Function.new(Fiddle.dlopen(nil)["setlocale"], [Fiddle::TYPE_INT, Fiddle::TYPE_VOIDP], Fiddle::TYPE_VOIDP)
      names = `locale -a`.lines(chomp: true).grep(/\A(de|fr|es|it|nl|pl)_/)
      comma = names.find { |name| !set.call(1, name).null? } # LC_NUMERIC is 1 on Linux
      require "json"
      JSON.parse(HeapPeriscopeAgent::Native.snapshot_json(true))
      print HeapPeriscopeAgent::Testing.json_number(1234.5, 3), " ", comma ? "comma" : "no such locale here"
    RUBY
    expect(WatchedProgram.run!(script).out).to start_with("1234.5 ")
  end
end
