# frozen_string_literal: true

module HeapPeriscopeAgent
  # Between the public API and the native side: nothing that goes wrong here reaches the program.
  module Lifecycle
    # What our own code may raise by mistake. Interrupts and exits of the calling thread pass.
    FAULTS = [StandardError, ScriptError, NoMemoryError].freeze
    private_constant :FAULTS

    class << self
      # @return [Boolean]
      def start
        return false unless HeapPeriscopeAgent.configuration.enabled

        flush_at_exit
        Native.unavailable.each { |sentence| Log.once([:unavailable, sentence], sentence) }
        started = Native.start
        Log.write("reporting to #{target}", level: :debug) if started
        started
      rescue *FAULTS => e
        disarm(:start, e)
      end

      # @return [Boolean]
      def stop
        Native.stop
      rescue *FAULTS => e
        disarm(:stop, e)
      end

      # @return [Boolean]
      def report_once
        return false unless HeapPeriscopeAgent.configuration.enabled

        Native.report_once
      rescue *FAULTS => e
        disarm(:report_once, e)
      end

      # Hands a configuration to the native side.
      # @param configuration [Configuration]
      # @return [void]
      def apply(configuration)
        require_relative "signature" if configuration.secret # loads OpenSSL now: a turn under the GVL is no place to
        AllocationSampling.prepare if configuration.enable_allocation_sampling
        Native.configure(configuration.to_native)
      rescue *FAULTS => e
        disarm(:configure, e)
      end

      private

      def flush_at_exit
        return if @flushes_at_exit

        @flushes_at_exit = true
        at_exit do
          @flushes_at_exit = false # another handler may start the agent after this one
          finish
        end
      end

      def finish
        Native.shutdown
      rescue *FAULTS => e
        disarm(:exit, e)
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
