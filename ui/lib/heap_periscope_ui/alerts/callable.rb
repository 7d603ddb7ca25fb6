# frozen_string_literal: true

module HeapPeriscopeUi
  module Alerts
    # Code of the application that is called with each alert. What it raises is logged; it is not called again for the same alert, since
    # nobody knows how far it came.
    class Callable
      # @return [String] tells it from other targets, the same in every process of the application
      attr_reader :id

      def initialize(code, index)
        @code = code
        @id = "callable #{index}"
        @complaints = Complaints.new("call config.on_alert")
      end

      # @param alert [Hash]
      # @return [Boolean] false where it makes sense to try again
      def deliver(alert)
        @code.call(alert)
        true
      rescue StandardError, ScriptError => e
        @complaints.log(e)
        true
      end
    end
  end
end
