# frozen_string_literal: true

require "monitor"
require_relative "../log"

module HeapPeriscopeAgent
  class Configuration
    # Who may change the options now, and who is told. Apart from the configuration, because that may be frozen.
    class Gate
      attr_writer :observer

      def initialize
        @monitor = Monitor.new
        @inside = false
      end

      # Yields true to the outermost of nested calls.
      def enter
        @monitor.synchronize do
          outermost = !@inside
          @inside = true
          yield outermost
        ensure
          @inside = false if outermost
        end
      end

      def notify(configuration)
        Guard.call(->(error) { complain(error, configuration) }) { @observer&.call(configuration) }
      end

      def complain(error, configuration)
        Log.once(:configuration_observer, "the new configuration could not be applied: #{error.class}: #{error.message}",
                 level: :error, configuration: configuration)
      end
    end
    private_constant :Gate
  end
end
