# frozen_string_literal: true

require_relative "../ui_helper"

RSpec.describe HeapPeriscopeUi::Packing do
  let(:edges) { (0..62).flat_map { |bits| [(1 << bits) - 1, 1 << bits, (1 << bits) + 1] } }

  it "writes the bytes that Ruby's own BER packing writes" do
    expect(described_class.ber(edges)).to eq(edges.pack("w*"))
    expect(described_class.ber([])).to eq("".b)
  end

  it "reads back what it wrote, unknown values too" do
    values = [nil, *edges, nil]
    expect(described_class.load(described_class.dump(values))).to eq(values)
  end
end
