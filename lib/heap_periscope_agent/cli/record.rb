# frozen_string_literal: true

require_relative "command"
require_relative "receiving/listening"
require_relative "receiving/loss_counter"

module HeapPeriscopeAgent
  module CLI
    # `heap_periscope record`: writes what arrives to a file, one JSON object a line, for `top FILE` and other tools.
    class Record < Command
      include Listening

      MAX_SOURCES = 10_000
      private_constant :MAX_SOURCES

      private

      def name = "record"
      def banner = "Usage: heap_periscope record [options] FILE"

      def footer
        "Each line is {\"received_at\": …, \"from\": …, \"datagram\": {…}}. Ctrl-C ends the recording; with --pprof the file " \
          "is written then."
      end

      def define(parser)
        define_listening(parser)
        parser.on("--seconds N", Float, "stop after that time") do |seconds|
          raise UsageError, "--seconds takes a number above 0" unless seconds.positive?

          @seconds = seconds
        end
        parser.on("--pprof", "write a pprof profile of allocation sites and retained sites instead") do
          require_relative "site_profile"
          @profile = SiteProfile.new
        end
        parser.on("--append", "add to a file that exists") { @append = true }
      end

      def perform(arguments)
        raise UsageError, "give the one file to write, not #{arguments.size}" unless arguments.size == 1
        raise UsageError, "a profile cannot be added to: leave out --append or --pprof" if @append && @profile

        receiver = open_receiver
        File.open(arguments.first, @append ? "a" : File::WRONLY | File::CREAT | File::EXCL) do |file|
          record(receiver, file)
        end
        0
      rescue Errno::EEXIST
        raise UsageError, "#{Text.clean(arguments.first)} is there already: give --append to add to it"
      rescue SystemCallError => e
        raise Failure, "#{Text.clean(arguments.first)} cannot be written: #{e.class.new.message}"
      ensure
        receiver&.close
      end

      def record(receiver, file)
        @count = 0
        @losses = Hash.new { |losses, source| losses[source] = LossCounter.new }
        started = clock
        stopping do |stop|
          @err.puts("heap_periscope record: listening on #{receiver.description}")
          until @stopped || (@seconds && clock - started >= @seconds)
            receiver.each_waiting { |datagram| write(file, datagram) }
            file.flush
            IO.select([*receiver.ios, stop], nil, nil, @seconds ? [started + @seconds - clock, 0].max : nil)
          end
        end
        receiver.each_waiting { |datagram| write(file, datagram) }
        file.binmode.write(@profile.to_s(seconds: clock - started)) if @profile
      ensure
        summarize(receiver, clock - started)
      end

      def clock = Process.clock_gettime(Process::CLOCK_MONOTONIC)

      # Yields an io that becomes readable when a signal asks to stop.
      def stopping
        stop, bell = IO.pipe
        previous = %w[INT TERM].to_h do |name|
          [name, trap(name) do
            @stopped = true
            bell.write_nonblock(".", exception: false)
          end]
        end
        yield stop
      ensure
        previous&.each { |name, handler| trap(name, handler || "DEFAULT") }
        [stop, bell].each(&:close)
      end

      def write(file, datagram)
        @profile&.add(datagram)
        received_at = datagram.received_at.utc.iso8601(3)
        @profile || file.puts(JSON.generate({ received_at: received_at, from: datagram.from, datagram: datagram.document }))
        @losses[datagram.source].record(datagram.sequence) if @losses.size < MAX_SOURCES || @losses.key?(datagram.source)
        @count += 1
      rescue JSON::GeneratorError
        @unwritable = @unwritable.to_i + 1 # infinite numbers, text that is no text
      end

      def plural(count, name, ending = "s") = "#{count} #{name}#{ending unless count == 1}"

      def summarize(receiver, seconds)
        refused = receiver.refused + @unwritable.to_i
        facts = ["lost #{@losses.each_value.sum(&:lost)}", *("refused #{refused}" if refused.positive?)]
        @err.puts("heap_periscope record: #{plural(@count,
                                                   "datagram")} from #{plural(@losses.size, "process", "es")} " \
                  "in #{seconds.round(1)} s, #{facts.join(", ")}")
      end
    end
  end
end
