# frozen_string_literal: true

require_relative "abi"

module HeapPeriscopeAgent
  # What `heap_periscope run` has Ruby load before a program (RUBYOPT=-r…/autostart). The program may be anything: run
  # by Bundler without this gem in its bundle, without RubyGems, by another Ruby. So files are loaded by their path
  # only, no gem is activated, nothing is written to stdout, and whatever fails costs one line on stderr.
  # Child processes that are Ruby programs inherit RUBYOPT and report as processes of their own. They may be of any
  # age, so this file and abi.rb keep to syntax that every Ruby 2 can read.
  module Autostart
    # Set by `run`: the Ruby that the native extension was compiled for
    ABI_VARIABLE = "HEAP_PERISCOPE_RUN_ABI"
    private_constant :ABI_VARIABLE

    class << self
      # @return [void]
      def call
        wanted = ENV.fetch(ABI_VARIABLE, ABI)
        return complain("this is #{ABI}, but the agent was compiled for #{wanted}") unless wanted == ABI

        # Not required, so that a program that requires the gem by itself comes by in require_again.
        load File.expand_path("../heap_periscope_agent.rb", __dir__)
        @loaded = true
        HeapPeriscopeAgent.start
      rescue SignalException, SystemExit
        raise
      rescue Exception => e # rubocop:disable Lint/RescueException -- the program must run whatever happens here
        complain("#{e.class}: #{e.message}")
      end

      # @return [Boolean] whether the agent is in this process because of us
      def loaded?
        @loaded
      end

      # What is left to do when the program requires the gem: Rails was not there yet when we were loaded.
      # @return [void]
      def require_again
        require_relative "railtie" if defined?(::Rails::Railtie)
      end

      private

      def complain(reason)
        $stderr.write("[HeapPeriscopeAgent] not started: #{reason.to_s.scrub.lines(chomp: true).first}\n")
      rescue StandardError
        nil # stderr is closed
      end
    end
  end
end

HeapPeriscopeAgent::Autostart.call
