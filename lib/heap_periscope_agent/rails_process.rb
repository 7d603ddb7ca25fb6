# frozen_string_literal: true

require_relative "rake_workers"

module HeapPeriscopeAgent
  # Decides whether the process that booted a Rails app is one to watch: servers, job servers and `rails runner` are;
  # consoles, generators, tests and the other commands of Rails are not, unless `config.enabled` says so.
  # Rake commands are the affair of {Integrations::Rake}, but for those that are job servers.
  module RailsProcess
    # Commands of Rails that boot the app and end, or talk to a person.
    SHORT_COMMANDS = %w[
      About Boot Console Credentials Dbconsole Destroy Devcontainer Encrypted Generate Initializers Middleware Notes
      Routes Secrets Stats Test UnusedRoutes
    ].freeze
    # Programs that load an app to talk or to test; those of Rails as Spring calls them in the processes it forks.
    OTHER_PROGRAMS = /\A(irb|pry|rspec|mutant|guard|rails_(console|generate|destroy|test))[\d.]*\z/
    private_constant :SHORT_COMMANDS, :OTHER_PROGRAMS

    class << self
      # Starts the agent if this process is to be watched; under Spring, in the processes it forks.
      # @return [void]
      def start
        return start_if_wanted unless spring?

        ::Spring.after_fork { HeapPeriscopeAgent::RailsProcess.start_if_wanted }
      end

      # @api private
      def start_if_wanted
        HeapPeriscopeAgent.start if wanted?
      end

      # @return [Boolean]
      def wanted?
        return false if rake? && !RakeWorkers.command?

        configuration = HeapPeriscopeAgent.configuration
        return configuration.enabled if configuration.given?(:enabled)

        !(::Rails.env.test? || console? || short_command?)
      end

      private

      def rake?
        return true if program.match?(/\Arake[\d.]*\z/)

        defined?(::Rake.application) && ::Rake.application.top_level_tasks.any?
      end

      def console?
        defined?(::Rails::Console) || program.match?(OTHER_PROGRAMS)
      end

      def program
        File.basename($PROGRAM_NAME)
      end

      # Rails loads the one command it runs.
      def short_command?
        defined?(::Rails::Command) &&
          SHORT_COMMANDS.any? { |name| ::Rails::Command.const_defined?("#{name}Command", false) }
      end

      def spring?
        defined?(::Spring::Application) && ::Spring.respond_to?(:after_fork)
      end
    end
  end
end
