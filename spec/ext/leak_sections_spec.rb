# frozen_string_literal: true

require "heap_periscope_agent"
require "json"

RSpec.describe "leak_sections and leak_sentence", :native do
  def suspect(name: "LineItem", level: 3, by_bytes: false, rates: [12_437.0, 866.0, 3_250_586.0, 120_000.0], path: nil,
              share: 0.94)
    JSON.parse(HeapPeriscopeAgent::Testing.leak_suspect_json([name, level, by_bytes, rates, path, share]),
               symbolize_names: true).first
  end

  it "says in one sentence what grows, how fast and from where" do
    expect(suspect(path: "app/models/cart.rb")[:sentence])
      .to eq "`LineItem` grows by 12 400 ± 900 objects an hour (3.1 MB/h); " \
             "94 % of the survivors come from app/models/cart.rb:41 in `Cart#add`"
  end

  it "leaves out what is not known" do
    expect(suspect[:sentence]).to eq "`LineItem` grows by 12 400 ± 900 objects an hour (3.1 MB/h)"
  end

  it "is careful with low confidence" do
    expect(suspect(level: 1)[:sentence]).to start_with("`LineItem` seems to grow by ")
  end

  it "tells bytes where numbers stand still" do
    expect(suspect(name: "String", by_bytes: true)[:sentence])
      .to eq "`String` grows by 3.1 ± 0.1 MB an hour, without as many more objects"
  end

  it "groups digits by threes", :aggregate_failures do
    { 7.0 => "7", 999.0 => "999", 1_000.0 => "1 000", 123_456.0 => "123 000",
      7_654_321.0 => "7 650 000" }.each do |rate, text|
      expect(suspect(rates: [rate, 0.0, 1.0, 0.0])[:sentence]).to include("by #{text} ± 0 objects")
    end
  end

  it "writes the section of docs/wire-format.md" do
    expect(suspect(path: "app/models/cart.rb")).to include(
      class_name: "LineItem", confidence: "high", objects_per_hour: 12_437, bytes_per_hour: 3_250_586,
      sites: [{ path: "app/models/cart.rb", line: 41, method: "Cart#add", share: 0.94 }],
      spans: [], stack: ["app/models/cart.rb:41 in Cart#add"]
    )
  end

  it "survives names of any bytes and length", :aggregate_failures do
    ["\xFF\xFE", "A" * 5_000, "`\"\\\n", "名前"].each do |name|
      expect(suspect(name: name)[:sentence]).to end_with("MB/h)")
    end
  end
end
