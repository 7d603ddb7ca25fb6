# frozen_string_literal: true

require "rake/extensiontask"

# Development builds carry HeapPeriscopeAgent::Testing; a released gem does not (extconf.rb).
ENV["HEAP_PERISCOPE_TESTING"] ||= "1"

specification = Gem::Specification.load("heap_periscope_agent.gemspec")
Rake::ExtensionTask.new("heap_periscope_agent", specification) do |extension|
  # One folder for each Ruby API version: see lib/heap_periscope_agent/native_loader.rb.
  extension.lib_dir = File.join("lib", "heap_periscope_agent", RbConfig::CONFIG["ruby_version"])
end

# A Makefile knows the sources and the variables of the day it was written. When they change, all is built anew.
variables = ENV.to_h.slice("HEAP_PERISCOPE_TESTING", "HEAP_PERISCOPE_WERROR", "HEAP_PERISCOPE_SANITIZE")
inputs = [*Dir["ext/**/*.{c,h}"], *variables].join("\n")
build_inputs = "tmp/build-inputs-#{RbConfig::CONFIG["ruby_version"]}"

file build_inputs do
  mkdir_p "tmp", verbose: false
  rm_f Dir["tmp/*/heap_periscope_agent/#{RUBY_VERSION}/*.{o,so,bundle}"], verbose: false
  File.write(build_inputs, inputs)
end
rm_f build_inputs, verbose: false if File.exist?(build_inputs) && File.read(build_inputs) != inputs

Rake::Task.tasks.map(&:name).grep(%r{\Atmp/.*/Makefile\z}).each do |makefile|
  file makefile => [build_inputs, *Dir["ext/**/*.rb"]]
end
