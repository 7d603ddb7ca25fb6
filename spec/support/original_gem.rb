# frozen_string_literal: true

require "bundler"
require "open3"
require_relative "gem_folder"

# The original gem 0.3.0, installed from the registry into the cache (rake rival:install).
module OriginalGem
  # All but rake_task_tracker, which raises a NameError in 0.3.0 and so never generated anything.
  GENERATORS = {
    "config" => [], "controller_instrumentation" => [], "model_instrumentation" => [], "sidekiq_middleware" => [],
    "rake_instrumentation" => [], "job_tracker" => ["PlainJob"]
  }.freeze

  # @return [String] its lib folder
  def self.library
    @library ||= GemFolder.of("rival:install")
  end

  # Runs its generators in an app's folder.
  def self.generate(folder)
    script = <<~RUBY
      require "rails"
      require "rails/generators"
      #{GENERATORS.inspect}.each do |name, arguments|
        load File.join(#{library.inspect}, "generators/heap_periscope_agent", name + "_generator.rb")
        HeapPeriscopeAgent::Generators.const_get(name.camelize + "Generator").start(arguments, destination_root: Dir.pwd)
      end
    RUBY
    output, status = Open3.capture2e("bundle", "exec", "ruby", "-e", script, chdir: folder)
    raise output unless status.success?
  end
end
