# frozen_string_literal: true

require "heap_periscope_agent"

RSpec.describe "class table", :native do
  def table(rows) = HeapPeriscopeAgent::Testing.class_table(rows)

  # What a Hash makes of the same.
  def sums(rows)
    rows.each_with_object({}) do |(klass, type, count, bytes), all|
      sum = all[[klass, type]] ||= [klass, type, 0, 0]
      sum[2] += count
      sum[3] += count * bytes
    end.values
  end

  it "sums counts and bytes by class word and type" do
    expect(table([[0x7f00_1000, 1, 2, 40], [0x7f00_1000, 1, 1, 80], [0x7f00_1000, 5, 1, 7]]))
      .to contain_exactly([0x7f00_1000, 1, 3, 160], [0x7f00_1000, 5, 1, 7])
  end

  it "keeps objects without a class apart by type" do
    expect(table([[0, 26, 3, 40], [0, 28, 1, 40], [0, 26, 1, 0]])).to contain_exactly([0, 26, 4, 120], [0, 28, 1, 40])
  end

  it "takes every type and the highest address of user space" do
    rows = (0..31).map { |type| [0x7fff_ffff_fff8, type, type + 1, 8] }
    expect(table(rows)).to match_array(sums(rows))
  end

  it "agrees with a Hash on many classes in any order, through growth and past its cache" do
    random = Random.new(RSpec.configuration.seed)
    words = Array.new(3000) { 0x5500_0000_0000 + (random.rand(1 << 30) << 3) }
    rows = Array.new(words.size * 3) { [words.sample(random: random), [1, 5, 7, 12].sample(random: random), random.rand(1..3), random.rand(1 << 20)] }
    expect(table(rows)).to match_array(sums(rows))
  end

  it "loses nothing to classes that share a line of the cache" do
    rows = Array.new(50) { |n| Array.new(8) { |k| [0x5500_0000_0000 + (k << 20), 1, 1, n + k] } }.flatten(1)
    expect(table(rows)).to match_array(sums(rows))
  end

  it "is empty without objects" do
    expect(table([])).to eq([])
  end
end
