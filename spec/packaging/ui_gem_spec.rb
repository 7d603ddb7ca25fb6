# frozen_string_literal: true

require "rubygems/package"
require "support/packaging"

RSpec.describe "The gem of the dashboard", timeout: 120 do
  include Packaging

  # @return [Array(String, Process::Status, Gem::Specification or nil)] of `gem build` in a copy of ui/
  def build(without: [])
    Dir.mktmpdir("heap-periscope-ui-gem") do |folder|
      copy = File.join(folder, "ui")
      FileUtils.mkdir_p(copy)
      %w[app assets config docs exe lib README.md heap_periscope_ui.gemspec].each { |name| FileUtils.cp_r(File.join(Packaging::ROOT, "ui", name), copy) }
      FileUtils.rm_f(without.map { |name| File.join(copy, name) })
      output, status = run("gem", "build", "heap_periscope_ui.gemspec", "--output", "built.gem", chdir: copy)
      gem = File.join(copy, "built.gem")
      [output, status, (Gem::Package.new(gem).spec if File.exist?(gem))]
    end
  end

  it "holds the scripts that the pages need, and forces no database on an application" do
    output, status, specification = build
    expect(status).to be_success, output
    expect(specification.files).to include("assets/vendor/uPlot.js", "assets/vendor/idiomorph.js", "assets/vendor/idiomorph.LICENSE.txt")
    expect(specification.runtime_dependencies.map(&:name)).not_to include("sqlite3", "pg")
  end

  it "is not built without them, and says which command fetches them" do
    output, status, specification = build(without: %w[assets/vendor/uPlot.js])
    expect([status.success?, specification]).to eq([false, nil])
    expect(output).to include("assets/vendor/ lacks uPlot.js", "bin/rake ui:vendor")
  end
end
