# frozen_string_literal: true

require "heap_periscope_agent/cli/text"

RSpec.describe HeapPeriscopeAgent::CLI::Text do
  describe ".clean" do
    {
      "an escape sequence" => ["a\e[31mb", "a?[31mb"],
      "an operating system command" => ["\e]0;title\a", "?]0;title?"],
      "an 8-bit control" => ["a\u009B31m", "a?31m"],
      "line ends" => ["a\r\nb\u2028c", "a??b?c"],
      "a turn of the writing direction" => ["a\u202Eb\u2066", "a?b?"],
      "marks that stand on others" => ["Z\u0351\u0310", "Z??"],
      "broken bytes" => ["a\xFFb", "a?b"],
      "binary text" => ["K\xC3\xA4se".b, "Käse"],
      "wide blanks" => ["a\u00A0b\u3000c", "a b c"],
      "other scripts" => ["日本::Модель", "日本::Модель"]
    }.each do |what, (given, cleaned)|
      it "makes #{what} harmless" do
        expect(described_class.clean(given)).to eq(cleaned)
      end
    end

    it "keeps a bounded number of characters" do
      expect(described_class.clean("é" * 1000, limit: 10)).to eq("é" * 10)
      expect(described_class.clean("x" * 1_000_000).length).to eq(256)
    end
  end

  it "counts the columns that text takes" do
    expect(["abc", "日本", "é", "😀!", "…▇"].map { |text| described_class.width(text) }).to eq([3, 4, 1, 3, 2])
  end

  describe ".fit" do
    it "fills and cuts to exactly so many columns" do
      expect(described_class.fit("ab", 4)).to eq("ab  ")
      expect(described_class.fit("ab", 4, align: :right)).to eq("  ab")
      expect(described_class.fit("abcdef", 4)).to eq("abc…")
      expect(described_class.fit("abcdef", 4, keep: :end)).to eq("…def")
      expect(described_class.fit("abcdef", 0)).to eq("")
    end

    it "never cuts a wide character in half" do
      (1..6).each { |columns| expect(described_class.width(described_class.fit("日本語", columns))).to eq(columns) }
    end
  end
end
