# frozen_string_literal: true

module HeapPeriscopeAgent
  # The reporter under the names of version 0.3.0. The work is done by the native side.
  class Reporter
    class << self
      # @return [Boolean]
      def start = HeapPeriscopeAgent.start

      # @return [Boolean]
      def stop = HeapPeriscopeAgent.stop

      # @return [Boolean]
      def report_once! = HeapPeriscopeAgent.report_once!

      # Reports living objects that the caller counted after a span of its own.
      # @see SpanReport.add
      # @return [nil]
      def add_span_report(type, name, objects) = SpanReport.add(type, name, objects)
    end
  end
end
