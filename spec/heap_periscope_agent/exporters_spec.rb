# frozen_string_literal: true

require "heap_periscope_agent"
require "open3"
require "tempfile"

RSpec.describe HeapPeriscopeAgent::Exporters do
  let(:rows) do
    [{ class_name: "String", objects: 1200, stack: ["app/cart.rb:41 in Cart#add", "Array#map (C)", "bin/shop:3 in <main>"] },
     { class_name: "Hash;odd", objects: 300, stack: ["app/cart.rb:41 in Cart#add", "bin/shop:3 in <main>"] },
     { class_name: "(internal)", objects: 5, stack: [] }]
  end
  let(:retained) do
    [{ class_name: "LineItem", path: "app/cart.rb", line: 50, method: "Cart#keep", objects: 40, bytes: 1600,
       stack: ["app/cart.rb:50 in Cart#keep", "through activerecord (12 frames)"] }]
  end

  describe HeapPeriscopeAgent::Exporters::Folded do
    it "writes one line a stack, outermost frame first" do
      expect(described_class.new(rows).to_s.lines(chomp: true)).to eq(
        ["bin/shop:3 in <main>;Array#map (C);app/cart.rb:41 in Cart#add;String 1200",
         "bin/shop:3 in <main>;app/cart.rb:41 in Cart#add;Hash:odd 300", "(internal) 5"]
      )
    end

    it "sums rows of one stack" do
      expect(described_class.new(rows.first(1) * 2).to_s).to end_with("String 2400\n")
    end
  end

  describe HeapPeriscopeAgent::Exporters::Pprof do
    def pprof(*arguments)
      Tempfile.create(["profile", ".pb.gz"]) do |file|
        file.binmode
        file.write(described_class.new(rows, retained: retained, seconds: 10, time: Time.at(1_700_000_000)).to_s)
        file.close
        out, err, ended = Open3.capture3({ "PPROF_NO_BROWSER" => "1" }, "go", "tool", "pprof", *arguments, file.path)
        raise "go tool pprof failed: #{err}" unless ended.success?

        out
      end
    end

    it "is read by go tool pprof, with places, values and classes" do
      raw = pprof("-raw")
      expect(raw).to include("alloc_objects/count", "inuse_objects/count", "inuse_space/bytes", "Duration: 10")
      expect(raw).to match(/1200\s+0\s+0: 1 2 3/)
      expect(raw).to match(/0\s+40\s+1600: /)
      expect(raw).to include("class:[String]", "class:[LineItem]", "Cart#add app/cart.rb:41", "<main> bin/shop:3")
    end

    it "sums up by function" do
      top = pprof("-top", "-sample_index=alloc_objects")
      expect(top).to match(/1500 99\.67% .*Cart#add/)
      expect(top).to include("<main>")
      expect(pprof("-top", "-sample_index=inuse_space")).to match(/1\.56kB .*Cart#keep/)
    end

    it "takes a path with a colon, a negative line and text that is no UTF-8" do
      odd = [{ class_name: "Cl\xFFss", objects: 1, stack: ["C:/x.rb:-1 in foo", "\xFEbar (C)"] }]
      expect { described_class.new(odd).to_s }.not_to raise_error
    end
  end
end
