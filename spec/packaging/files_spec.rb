# frozen_string_literal: true

require "support/packaging"

RSpec.describe "The files of the gem" do
  let(:specification) { Gem::Specification.load(File.join(Packaging::ROOT, "heap_periscope_agent.gemspec")) }

  it "are sources, signatures and documents, nothing built and nothing of the other parts" do
    expect(specification.files).to all(
      match(%r{\A(lib/.+|ext/heap_periscope_agent/([a-z]+/)?[a-z_]+\.(c|h|rb)|exe/heap_periscope|sig/.+\.rbs|docs/.+\.md|
                 (README|CHANGELOG|CONTRIBUTING|SECURITY)\.md|LICENSE\.txt)\z}x)
    )
    expect(specification.files.grep(%r{\.(so|bundle|o|log|gem|sqlite3)\z|Makefile|/testing/})).to be_empty
  end

  it "include what a user looks for" do
    expect(specification.files).to include(
      "lib/heap_periscope_agent.rb", "lib/heap_periscope_agent/native_loader.rb", "exe/heap_periscope",
      "ext/heap_periscope_agent/extconf.rb", "ext/heap_periscope_agent/heap_periscope_agent.c", "docs/wire-format.md",
      "docs/architecture.md", "README.md", "CHANGELOG.md", "LICENSE.txt"
    )
  end

  it "depend at run time on nothing but libyajl2" do
    expect(specification.runtime_dependencies.map(&:name)).to eq(["libyajl2"])
  end
end
