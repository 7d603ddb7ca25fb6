# frozen_string_literal: true

require_relative "rake_workers"

module HeapPeriscopeAgent
  # What this process calls itself in its reports. Asked at every snapshot, because a library that gives the process
  # its character may be loaded after the agent; so it is cheap and, once the answer is known, allocates nothing.
  module ServiceName
    SIDEKIQ = "Sidekiq"
    RAKE = "Rake"
    RAILS = "Rails"
    UNKNOWN = "ruby"
    MAX_BYTES = 200
    # What a process is called by its program, before it named itself "puma: cluster worker 0 [app]"
    TITLE = /\A(?<program>[^\s:]+)(?::?\s|:\z)/
    private_constant :SIDEKIQ, :RAKE, :RAILS, :UNKNOWN, :MAX_BYTES, :TITLE

    class << self
      # @param configuration [Configuration]
      # @return [String] configured, or "Sidekiq", "Rake", "Rails", or the program's name; never raises
      def current(configuration = HeapPeriscopeAgent.configuration)
        configuration.service_name || detect
      end

      # @return [String] the same without what is configured
      def detect
        @settled ||= final
        @settled || (RAILS if defined?(::Rails)) || program
      rescue StandardError, ScriptError
        UNKNOWN
      end

      # Forgets what was found.
      # @return [void]
      def reset
        @settled = @title = @program = nil
      end

      private

      # Sidekiq and Rake say what the process is for; either may run with or without Rails. A job worker of an app that
      # happens to be a Rake task is called as one that is not.
      def final
        return SIDEKIQ if sidekiq?
        return unless rake?

        defined?(::Rails) && RakeWorkers.command? ? RAILS : RAKE
      end

      def sidekiq?
        defined?(::Sidekiq) && ::Sidekiq.respond_to?(:server?) && ::Sidekiq.server?
      end

      def rake?
        return true if program.match?(/\Ad?rake[\d.]*\z/)

        # `bin/rails db:migrate` runs its tasks through Rake; an application that only loaded Rake has no tasks to run.
        program == "rails" && defined?(::Rake.application) && ::Rake.application.top_level_tasks.any?
      end

      def program
        title = $PROGRAM_NAME
        return @program if title.equal?(@title)

        @program = name_in(title)
        @title = title
        @program
      end

      def name_in(title)
        title = title.dup.force_encoding(Encoding::UTF_8).scrub("?")
        path = (!File.exist?(title) && title[TITLE, :program]) || title
        name = File.basename(path).gsub(/\p{Cntrl}/, "?").byteslice(0, MAX_BYTES).scrub("")
        name.empty? ? UNKNOWN : -name
      end
    end
  end
end
