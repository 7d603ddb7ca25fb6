# frozen_string_literal: true

require "heap_periscope_agent/cli/receiving/loss_counter"

RSpec.describe HeapPeriscopeAgent::CLI::LossCounter do
  def lost(*sequences)
    described_class.new.tap { |counter| sequences.flatten.each { |sequence| counter.record(sequence) } }.lost
  end

  it "counts gaps from the first number it sees" do
    expect(lost(7, 8, 9)).to eq(0)
    expect(lost(7, 9, 12)).to eq(3)
  end

  it "takes back what had only been late, and passes over what is repeated or has no number" do
    expect(lost(1, 3, 2, 4)).to eq(0)
    expect(lost(1, 1, 3, 3, nil, 2, 2)).to eq(0)
    expect(lost(5, 3, 1)).to eq(0)
  end

  it "does not believe in gaps without end, and keeps a bounded memory" do
    expect(lost(1, 2**53)).to eq(described_class::WINDOW)
    counter = described_class.new
    10_000.times { |number| counter.record(number) }
    expect(counter.instance_variable_get(:@recent).size).to eq(described_class::WINDOW)
  end
end
