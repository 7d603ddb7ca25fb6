# frozen_string_literal: true

ENV["RAILS_ENV"] ||= "production"

require "logger"
require "heap_periscope_ui/bare_application"

module HeapPeriscopeUi
  module Collector
    # What a {Helper} runs: a collector without pages.
    class HelperProgram
      # How often it looks whether its parent is there, in case a child of the parent's holds the pipe open.
      LOOK_S = 2
      # How long a parent that ends in order may take.
      ENDING_S = 10
      LAST_WORDS_S = 1

      # @param input [IO] one line of JSON with the settings, then one as the order to begin; its end is the order to end
      def initialize(input)
        @input = input
        @settings = JSON.parse(input.gets.to_s)
        @parent = @settings.delete("parent")
      end

      def run
        $PROGRAM_NAME = "heap_periscope_ui: collector of #{@parent}"
        # Ctrl-C is for the server, which tells us by the pipe; so is what a process manager sends to all.
        %w[INT TERM QUIT HUP USR1 USR2].each { |name| Signal.trap(name, "IGNORE") }
        configure
        BareApplication.build
        Store::Connection.ready!
        answer
        return unless @input.gets

        Collector.start
        sleep 0.1 until told_to_end? || unable?
        status = unable? ? Helper::CANNOT_WRITE : 0
        hear_last_words unless unable?
        Collector.stop
        exit!(status) if status.positive?
      end

      private

      def answer
        $stdout.puts("booted")
        $stdout.reopen($stderr)
      rescue Errno::EPIPE
        nil # the parent does not wait any more, and will say whether to begin
      end

      def configure
        config = HeapPeriscopeUi.configuration
        config.collect = false # started here, not by the engine
        @settings["database"] = @settings["database"].transform_keys(&:to_sym)
        @settings["retention"] = @settings["retention"].transform_keys(&:to_sym)
        @settings.each { |name, value| config.public_send("#{name}=", value) }
      end

      # The parent, its siblings and their master say goodbye when they end, a moment later than the pipe closes.
      def hear_last_words
        limit = Timestamps.clock + ENDING_S
        sleep 0.1 while ::Process.ppid == @parent && Timestamps.clock < limit
        sleep LAST_WORDS_S
      end

      def unable?
        Collector.runner.state == :cannot_write
      end

      def told_to_end?
        @input.wait_readable(LOOK_S) ? @input.read_nonblock(1, exception: false).nil? : ::Process.ppid != @parent
      end
    end
  end
end
