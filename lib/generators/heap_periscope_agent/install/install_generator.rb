# frozen_string_literal: true

require "bundler"
require_relative "../base"

module HeapPeriscopeAgent
  module Generators
    class InstallGenerator < Base
      source_root File.expand_path("templates", __dir__)

      # Which generator is worth running when which gem is in the bundle.
      FITTING = {
        "controller_instrumentation" => "actionpack",
        "model_instrumentation" => "activerecord",
        "sidekiq_middleware" => "sidekiq",
        "job_instrumentation" => "activejob",
        "rake_instrumentation" => "rake"
      }.freeze
      # What does the same and more, where its gem is in the bundle: Sidekiq's initializer also measures jobs of Active Job.
      COVERED = { "job_instrumentation" => "sidekiq" }.freeze

      def configure_agent
        run_generator "config"
      end

      def sample_allocations
        run_generator "allocation_sampling"
      end

      def instrument_what_the_bundle_holds
        FITTING.each do |generator, gem_name|
          next if locked_gems.include?(COVERED[generator])

          if locked_gems.include?(gem_name)
            run_generator generator
          else
            say_status :skip, "#{generator}: #{gem_name} is not in the bundle", :yellow
          end
        end
      end

      private

      def run_generator(name)
        ::Rails::Generators.invoke "heap_periscope_agent:#{name}", passed_on,
                                   behavior: behavior, destination_root: destination_root
      end

      # --force, --skip, --pretend and --quiet mean the same to the generators run from here.
      def passed_on
        %w[force skip pretend quiet].select { |option| options[option] }.map { |option| "--#{option}" }
      end

      def locked_gems
        @locked_gems ||= begin
          lockfile = File.join(destination_root, "Gemfile.lock")
          lockfile = ::Bundler.default_lockfile.to_s unless File.exist?(lockfile)
          ::Bundler::LockfileParser.new(File.read(lockfile)).specs.map(&:name)
        end
      end
    end
  end
end
