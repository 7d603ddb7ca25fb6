# frozen_string_literal: true

require "fileutils"
require "tmpdir"
require_relative "../../tasks/support/exports"

RSpec.describe Exports do
  def faults(files)
    Dir.mktmpdir("heap-periscope-exports") do |folder|
      files.each do |path, text|
        FileUtils.mkdir_p(File.join(folder, File.dirname(path)))
        File.write(File.join(folder, path), text)
      end
      described_class.new(folder).faults.grep_v(/tasks.support.exports/)
    end
  end

  it "finds nothing to say about the extension" do
    expect(described_class.new(File.expand_path("../../ext/heap_periscope_agent", __dir__)).faults).to eq([])
  end

  it "names a function that only its own file or the specs' door calls" do
    files = { "vm/a.h" => "void a_begin(void);\nint a_end(int x,\n          int y);\n", "vm/a.c" => "void a_begin(void) { a_end(1, 2); }\n",
              "testing/t.c" => "a_end(1, 2);\n", "heap/b.c" => "a_begin();\n" }
    expect(faults(files)).to eq(["a_end of vm/a.h is called by no other part"])
  end

  it "leaves out what only a build for specs declares" do
    expect(faults("vm/a.h" => "#ifdef HEAP_PERISCOPE_TESTING\nint a_alive(void);\n#endif\n")).to eq([])
  end

  it "names an entry of its list that is needed no more" do
    expect(described_class.new("/nowhere").faults).to include(/\Aweak_set_use is in the list of tasks.support.exports.rb/)
  end
end
