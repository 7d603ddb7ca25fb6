# frozen_string_literal: true

require_relative "command"
require_relative "receiving/listening"

module HeapPeriscopeAgent
  module CLI
    # `heap_periscope top`: what reports arrive, on a screen or as lines.
    class Top < Command
      include Listening

      private

      def name = "top"
      def banner = "Usage: heap_periscope top [options] [FILE]"

      def footer
        "FILE is a recording made with heap_periscope record. Without a terminal, one line is written for each report."
      end

      def define(parser)
        define_listening(parser)
        @speed = 1.0
        parser.on("--url URL", "ask a dashboard, like http://localhost:3000/heap_periscope") { |url| @url = url }
        parser.on("--speed FACTOR", Float, "play FILE faster or slower (1)") do |factor|
          raise UsageError, "--speed takes a number above 0" unless factor.positive? && factor.finite?

          @speed = factor
        end
      end

      def perform(arguments)
        raise UsageError, "one file at a time, not #{arguments.size}" if arguments.size > 1
        raise UsageError, "a file or --url, not both" if @url && arguments.any?

        Terminal.usable?(@out, @env) ? screen(arguments.first) : lines(arguments.first)
      end

      def screen(file)
        source = source(file, Model.new, speed: @speed)
        terminal = Terminal.new($stdin, @out)
        Session.new(source, terminal, Style.for(@env)).run
        terminal.stopped_by.nil? || terminal.stopped_by == "INT" ? 0 : 128 + Signal.list[terminal.stopped_by]
      ensure
        source&.close
      end

      def lines(file)
        raise UsageError, "--url needs a terminal" if @url

        plain = PlainLines.new(@out)
        source = source(file, Model.new { |report, process| plain.write(report, process) }, speed: Float::INFINITY)
        @err.puts("heap_periscope top: #{source.words}") unless file
        loop do
          source.pump(Time.now)
          break if source.finished?

          IO.select(source.ios, nil, nil, source.wait_s(Time.now))
        end
        0
      ensure
        source&.close
      end

      def source(file, model, speed:)
        if @url then DashboardSource.new(@url)
        elsif file then RecordingSource.new(file, model, speed: speed)
        else LiveSource.new(open_receiver, model)
        end
      end
    end
  end
end

require_relative "top/live_source"
require_relative "top/recording_source"
require_relative "top/dashboard_source"
require_relative "top/session"
require_relative "top/plain_lines"
