# frozen_string_literal: true

require "heap_periscope_agent"

# Whose turn it is at the census, on a clock of the spec's own.
RSpec.describe "Turns of spans at the census" do
  let(:testing) { HeapPeriscopeAgent::Testing }
  let(:ms) { 1_000_000 }

  before do
    testing.spans_reset
    testing.span_turns_budget(0.01)
  end

  after do
    testing.span_turns_budget(0.01)
    testing.spans_reset
  end

  def take(name, at_ms) = testing.span_turns_take("custom", name, at_ms * ms)
  def finish(at_ms, spent_ms) = testing.span_turns_finish(at_ms * ms, spent_ms * ms)

  it "goes to the first call, and to no other before it has ended" do
    expect(take("a", 1)).to be(true)
    expect(take("b", 2)).to be(false)
    expect(take("a", 3)).to be(false)
  end

  it "keeps the whole cost, seven times the walk, within the budget" do
    take("a", 0)
    finish(10, 5) # 5 ms of walking: nothing for three and a half seconds
    expect(take("a", 3509)).to be(false)
    expect(take("a", 3511)).to be(true)
    finish(3512, 0)
    expect(take("a", 3531)).to be(false) # and never more often than every 20 ms
    expect(take("a", 3533)).to be(true)
  end

  it "follows a change of the budget with the next census" do
    testing.span_turns_budget(0.5)
    take("a", 0)
    finish(10, 50)
    expect(take("a", 709)).to be(false)
    expect(take("a", 711)).to be(true)
  end

  it "prefers the name that was measured longest ago" do
    order = %w[a b c d].cycle.first(12).each_with_index.filter_map do |name, n|
      next unless take(name, n * 100)

      finish((n * 100) + 1, 0.001)
      name
    end
    expect(order).to eq(%w[a b c d a b c d a b c d])

    measured = 300.times.filter_map do |n| # b is called a hundred times as often
      name = (n % 100).zero? ? "a" : "b"
      next unless take(name, 2000 + (n * 30))

      finish(2000 + (n * 30) + 1, 0.001)
      name
    end
    expect(measured.count("a")).to eq(3)
  end

  it "waits a while for the name whose turn it is, and no longer" do
    take("rare", 0)
    finish(1, 0.001)
    take("often", 30)
    take("rare", 31)
    finish(32, 0.001)
    expect(take("often", 60)).to be(false) # the turn is rare's
    expect(take("often", 300)).to be(false)
    expect(take("often", 311)).to be(true)
  end
end
