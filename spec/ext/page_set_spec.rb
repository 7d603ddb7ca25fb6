# frozen_string_literal: true

require "heap_periscope_agent"

RSpec.describe "page set", :native do
  # @return [Array<Array<Boolean>>] for each list whether its pages were new
  def answers(*lists) = HeapPeriscopeAgent::Testing.page_set(lists)

  def pages(count, random) = Array.new(count) { random.rand(1 << 30) << 16 }

  it "knows every page that was added, through growth" do
    random = Random.new(RSpec.configuration.seed)
    known = []
    lists = Array.new(6) { pages(800, random).then { |more| [more.size, *more, *known.sample(200, random: random)].tap { known.concat(more) } } }
    seen = {}
    expected = lists.map { |list| list.drop(1).map { |page| !seen.key?(page) && (seen[page] = true) } }
    expect(answers(*lists)).to eq(expected)
  end

  it "tells pages apart that lie side by side, and such as share their low bits" do
    side_by_side = Array.new(3000) { |n| 0x7f00_0000_0000 + (n << 14) }
    low_bits = Array.new(3000) { |n| (n + 1) << 44 }
    [side_by_side, low_bits].each do |list|
      expect(answers([list.size, *list, *list]).first).to eq(([true] * 3000) + ([false] * 3000))
    end
  end

  it "rather counts a page twice than loses it where no room was made" do
    expect(answers([nil, 4096, 4096])).to eq([[true, true]])
  end

  it "is never filled to the brim, so that every search ends: beyond three quarters every page counts as new" do
    list = Array.new(5000) { |n| (n + 1) << 16 }
    known = list.first(3000) # of 4 096 places
    expect(answers([1, *known], [nil, *known], [nil, *list.drop(3000)], [nil, *list]).map(&:tally))
      .to eq([{ true => 3000 }, { false => 3000 }, { true => 2000 }, { true => 5000 }])
  end
end
