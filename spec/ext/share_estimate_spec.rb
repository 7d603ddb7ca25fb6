# frozen_string_literal: true

require "heap_periscope_agent"

RSpec.describe "share estimates", :native do
  def estimate(windows, allocated: 1_000_000)
    %i[share share_error objects objects_error].zip(HeapPeriscopeAgent::Testing.share_estimate(windows, allocated)).to_h
  end

  it "weighs windows by what they stand for" do
    expect(estimate([[10, 100, 1.0], [60, 100, 3.0]])).to include(share: 0.475, objects: 475_000.0)
  end

  it "knows nothing from one window" do
    expect(estimate([[10, 100, 1.0]])).to include(share: 0.1, share_error: 1.0)
  end

  it "is nothing without windows" do
    expect(estimate([])).to eq(share: 0.0, share_error: 0.0, objects: 0.0, objects_error: 0.0)
  end

  it "is no surer than the windows' clock where all of them agree" do
    expect(estimate([[25, 100, 1.0]] * 50)[:share_error]).to be_within(1e-9).of(0.01 * 0.25 * 0.75)
    expect(estimate([[100, 100, 1.0]] * 50)[:share_error]).to be < 1e-9
  end

  it "does not take empty windows for knowledge" do
    few = [[90, 100, 1.0], [10, 100, 1.0], [50, 100, 1.0]]
    expect(estimate(few + ([[0, 0, 1.0]] * 1000))[:share_error]).to be_within(1e-9).of(estimate(few)[:share_error])
  end

  # Windows of very different sizes, whose composition depends on their size: the kind that bursts make.
  def draw(random)
    return [0, 0, 1.0] if random.rand < 0.3

    size = random.rand < 0.2 ? 20_000 : 1000 + random.rand(1000)
    part = size > 10_000 ? 0.8 : 0.1
    [(size * (part + random.rand(-0.1..0.1))).round, size, 1.0 + random.rand]
  end

  it "holds the truth within two standard errors 95 times in 100" do
    random = Random.new(7)
    many = Array.new(200_000) { draw(random) }
    truth = many.sum { |n, _, weight| n * weight } / many.sum { |_, size, weight| size * weight }
    hits = Array.new(400) do
      result = estimate(Array.new(150) { draw(random) })
      (result[:share] - truth).abs <= 2 * result[:share_error]
    end
    expect(hits.count(true)).to be >= 0.93 * 400
  end
end
