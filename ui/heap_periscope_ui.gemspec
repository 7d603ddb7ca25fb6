# frozen_string_literal: true

require_relative "lib/heap_periscope_ui/version"

Gem::Specification.new do |spec|
  spec.name = "heap_periscope_ui"
  spec.version = HeapPeriscopeUi::VERSION
  spec.authors = ["The heap_periscope contributors"]
  spec.summary = "Dashboard for heap_periscope_agent: collects, keeps and shows heap and GC reports"
  spec.description = "A mountable Rails engine and a standalone server. It receives the UDP reports of heap_periscope_agent, " \
                     "stores them in SQLite or PostgreSQL and shows the memory of every process, live and back in time."
  spec.license = "MIT"
  spec.required_ruby_version = ">= 3.1"
  spec.metadata = { "rubygems_mfa_required" => "true" }

  spec.files = Dir.chdir(__dir__) { Dir["{app,assets,config,db,docs,exe,lib}/**/*", "README.md"].select { |path| File.file?(path) } }
  spec.bindir = "exe"
  spec.executables = ["heap_periscope_ui"]
  spec.require_paths = ["lib"]

  spec.add_dependency "actionpack", ">= 7.1"
  spec.add_dependency "activerecord", ">= 7.1"
  spec.add_dependency "puma", ">= 6.0"
  spec.add_dependency "railties", ">= 7.1"

  # A gem without the scripts that a checkout fetches would serve pages without charts. Bundler loads this file before they are there.
  spec.define_singleton_method(:validate) do |*arguments|
    missing = %w[uPlot.js uPlot.css idiomorph.js].reject { |name| File.file?(File.join(__dir__, "assets/vendor", name)) }
    next super(*arguments) if missing.empty?

    raise Gem::InvalidSpecificationException, "assets/vendor/ lacks #{missing.join(", ")}, which the pages need: run " \
                                              "`bin/rake ui:vendor` in the root of the repository, or `bin/rake ui:build`"
  end
end
