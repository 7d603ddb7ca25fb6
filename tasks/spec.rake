# frozen_string_literal: true

require "rspec/core/rake_task"
require "ruby_memcheck"
require "ruby_memcheck/rspec/rake_task"

desc "Run every spec"
task spec: :compile do
  ruby "bin/support/run_specs.rb"
end

# Only the files that have native examples are loaded: under valgrind each of the others costs seconds.
native_specs = FileList["spec/**/*_spec.rb"].select { |file| File.read(file).include?(":native") }

namespace :spec do
  desc "Run the specs of the native parts"
  RSpec::Core::RakeTask.new(native: :compile) do |task|
    task.pattern = native_specs
    task.rspec_opts = "--tag native"
  end

  desc "Run the specs of the native parts on a Ruby that hides what no public header declares"
  task hidden: :compile do
    { "all" => "walks_heap", "rb_obj_memsize_of rb_objspace_internal_object_p" => "vm_sizes" }.each do |missing, needing|
      sh({ "HEAP_PERISCOPE_TESTING_MISSING" => missing }, "rspec", "--tag", "native", "--tag", "~#{needing}", *native_specs)
    end
  end

  task(:stress_environment) { ENV["GC_STRESS"] = "1" }
  desc "Run the specs of the native parts with a garbage collection at every allocation"
  task stress: %i[stress_environment native]
end

# It tells by the library's name which code is Ruby's, and does not know Debian's name.
RubyMemcheck::Frame.prepend(Module.new do
  def in_ruby? = super || (obj && File.basename(obj) == RbConfig::CONFIG["LIBRUBY_SO"])
end)
# Finalizers of others run where we give up the GVL.
RubyMemcheck.config(binary_name: "heap_periscope_agent",
                    skipped_ruby_functions: RubyMemcheck::Configuration::DEFAULT_SKIPPED_RUBY_FUNCTIONS + [/\Arb_postponed_job_flush\z/])

desc "Run the specs of the native parts under valgrind"
RubyMemcheck::RSpec::RakeTask.new(valgrind: %i[compile valgrind_environment]) do |task|
  task.pattern = native_specs
  # Once a fiber ran, the collector scans stack that was given up (plain Ruby's does): valgrind takes it for ours.
  task.rspec_opts = "--tag native --tag ~endless_under_valgrind --tag ~switches_fibers --profile 10"
end

# Valgrind runs the specs 20 to 50 times slower.
task(:valgrind_environment) { ENV["HEAP_PERISCOPE_SPEC_TIMEOUT_FACTOR"] = "20" }
