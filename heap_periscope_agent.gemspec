# frozen_string_literal: true

require_relative "lib/heap_periscope_agent/version"

Gem::Specification.new do |spec|
  spec.name = "heap_periscope_agent"
  spec.version = HeapPeriscopeAgent::VERSION
  spec.authors = ["The Heap Periscope developers"]
  spec.summary = "Watches the heap and the garbage collector of a live Ruby process within a budget of cost."
  spec.description = "A native extension that takes heap censuses, GC statistics and pauses inside a running Ruby " \
                     "process without stopping it, and reports them as JSON datagrams to a dashboard or a terminal."
  spec.license = "MIT"
  spec.required_ruby_version = ">= 3.1"

  # Compiled objects lie beside the Ruby files of a checkout (see native_loader.rb); they are never part of the gem.
  spec.files = Dir.chdir(__dir__) do
    Dir["lib/**/*", "ext/**/*.{c,h,rb}", "exe/*", "sig/**/*.rbs", "docs/*.md", "*.md", "LICENSE.txt"]
      .select { |path| File.file?(path) && !path.end_with?(".so", ".bundle") && !path.include?("/testing/") }
      .sort
  end
  spec.bindir = "exe"
  spec.executables = spec.files.grep(%r{\Aexe/}) { |path| File.basename(path) }
  spec.extensions = ["ext/heap_periscope_agent/extconf.rb"]
  spec.require_paths = ["lib"]
  spec.homepage = "https://github.com/codepawpaw/heap_periscope_agent"
  spec.metadata = {
    "source_code_uri" => spec.homepage,
    "changelog_uri" => "#{spec.homepage}/blob/main/CHANGELOG.md",
    "documentation_uri" => "#{spec.homepage}/tree/main/docs",
    "bug_tracker_uri" => "#{spec.homepage}/issues",
    "rubygems_mfa_required" => "true"
  }

  # Carries the C sources of yajl, which extconf.rb links statically where the system has no libyajl.
  spec.add_dependency "libyajl2", "~> 2.1"
end
