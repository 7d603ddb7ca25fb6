# frozen_string_literal: true

require "heap_periscope_agent"

RSpec.describe HeapPeriscopeAgent::Collector do
  # Keeps 5 000 objects of a new class, whose name no other example counts.
  def keep_objects_of(name)
    klass = stub_const(name, Class.new)
    @kept = Array.new(5000) { klass.new }
  end

  describe ".collect_snapshot" do
    it "has GC.stat and ObjectSpace.count_objects, and nothing else" do
      snapshot = described_class.collect_snapshot
      expect(snapshot.keys).to contain_exactly(:gc_stats, :object_space_summary)
      expect(snapshot[:gc_stats].keys).to match_array(GC.stat.keys)
      expect(snapshot[:gc_stats][:count]).to be_between(1, GC.count)
      expect(snapshot[:object_space_summary][:TOTAL]).to be_within(200_000).of(ObjectSpace.count_objects[:TOTAL])
      expect(snapshot[:object_space_summary].keys - ObjectSpace.count_objects.keys - [:T_ZOMBIE]).to eq([]) # zombies come and go
    end

    it "also counts by class when it is asked to" do
      keep_objects_of("CollectorSpecSnapshot")
      rows = described_class.collect_snapshot(true)[:living_objects_by_class]
      expect(rows["CollectorSpecSnapshot"]).to include(count: 5000, is_platform_class: false)
      expect(rows["CollectorSpecSnapshot"][:bytes]).to be >= 5000 * 40
      expect(rows["String"]).to include(is_platform_class: true)
    end
  end

  describe ".collect_detailed_living_objects_for_span" do
    it "lists classes by falling count, with sizes for a person and for a program" do
      keep_objects_of("CollectorSpecRows")
      rows = described_class.collect_detailed_living_objects_for_span(1000)
      expect(rows.map { |row| row[:count] }).to eq(rows.map { |row| row[:count] }.sort.reverse)
      expect(rows.map(&:keys).uniq).to eq([%i[name type count size bytes]])
      expect(rows.find { |row| row[:name] == "CollectorSpecRows" }).to include(type: "application", count: 5000)
      expect(rows.find { |row| row[:name] == "String" }).to include(type: "native")
      rows.each { |row| expect(row[:size]).to eq(described_class.human_readable_bytes(row[:bytes])) }
    end

    it "lists no more than it is asked for" do
      expect([0, 1, 7].map { |limit| described_class.collect_detailed_living_objects_for_span(limit).size }).to eq([0, 1, 7])
    end
  end

  describe ".human_readable_bytes" do
    { 0 => "0 B", 1 => "1.00 B", 1023 => "1023.00 B", 1024 => "1.00 KB", 12_288 => "12.00 KB", 1536 => "1.50 KB",
      1 << 20 => "1.00 MB", 5 << 30 => "5.00 GB", 1 << 40 => "1.00 TB", 1 << 52 => "4096.00 TB" }.each do |bytes, text|
      it("says #{text} for #{bytes}") { expect(described_class.human_readable_bytes(bytes)).to eq(text) }
    end
  end
end
