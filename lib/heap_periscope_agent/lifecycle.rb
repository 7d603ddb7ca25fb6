# frozen_string_literal: true

module HeapPeriscopeAgent
  # Between the public API and the native side: nothing that goes wrong here reaches the program.
  module Lifecycle
    class << self
      # @return [Boolean]
      def start
        guard(:start) { HeapPeriscopeAgent.configuration.enabled && begin_reporting }
      end

      # @return [Boolean]
      def stop
        guard(:stop) { Native.stop }
      end

      # @return [Boolean]
      def report_once
        guard(:report_once) { HeapPeriscopeAgent.configuration.enabled && Native.report_once }
      end

      # Hands a configuration to the native side.
      # @param configuration [Configuration]
      # @return [void]
      def apply(configuration)
        guard(:configure) do
          require_relative "signature" if configuration.secret # loads OpenSSL now: a turn under the GVL is no place to
          AllocationSampling.prepare if configuration.enable_allocation_sampling
          Native.configure(configuration.to_native)
        end
      end

      private

      def guard(part, &)
        Guard.call(->(error) { disarm(part, error) }, &)
      end

      def begin_reporting
        flush_at_exit
        Native.unavailable.each { |sentence| Log.once([:unavailable, sentence], sentence) }
        started = Native.start
        Log.write("reporting to #{target}", level: :debug) if started
        started
      end

      def flush_at_exit
        return if @flushes_at_exit

        @flushes_at_exit = true
        at_exit do
          @flushes_at_exit = false # another handler may start the agent after this one
          finish
        end
      end

      def finish
        guard(:exit) { Native.shutdown }
      end

      def target
        configuration = HeapPeriscopeAgent.configuration
        "#{configuration.host} port #{configuration.port} every #{configuration.interval} s"
      end

      def disarm(part, error)
        Log.once([:disarmed, part], "#{part} failed: #{error.message} (#{error.class})", level: :error)
        false
      end
    end
  end
end
