# frozen_string_literal: true

require "fileutils"
require "tmpdir"
require_relative "../../tasks/support/rooms"

RSpec.describe Rooms do
  let(:root) { File.expand_path("../..", __dir__) }

  around { |example| Dir.mktmpdir("heap-periscope-rooms") { |folder| (@folder = folder) && example.run } }

  def faults(files)
    files.each do |path, text|
      FileUtils.mkdir_p(File.join(@folder, File.dirname(path)))
      File.write(File.join(@folder, path), text)
    end
    described_class.new(@folder).faults
  end

  it "finds nothing to say about the extension" do
    expect(described_class.new(File.join(root, "ext", "heap_periscope_agent")).faults).to eq([])
  end

  it "names an include that goes upwards" do
    expect(faults("base/clock.c" => "#include \"vm/vm.h\"\n", "vm/vm.h" => ""))
      .to eq(["base/clock.c includes vm/vm.h, which is above it"])
  end

  it "names parts that include each other" do
    expect(faults("vm/a.c" => "#include \"vm/b.h\"\n", "vm/a.h" => "", "vm/b.h" => "#include \"vm/a.h\"\n"))
      .to eq(["a circle: vm/a, vm/b"])
  end

  it "names a folder that is no room, and an include without one" do
    expect(faults("cellar/a.h" => "#include \"b.h\"\n"))
      .to eq(["cellar/ is no room of tasks/support/rooms.rb", "cellar/a.h includes \"b.h\" without its room"])
  end

  it "prints the order into the architecture" do
    expect(File.read(File.join(root, "docs", "architecture.md"))).to include(described_class.table)
  end
end
