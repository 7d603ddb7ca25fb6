# frozen_string_literal: true

module HeapPeriscopeUi
  module Collector
    # What goes wrong in the writer: counted, told on the status page, and answered by pauses that grow.
    class Trouble
      PAUSES_S = [1, 2, 4, 8, 16, 30].freeze
      # Nothing could be written for so long: another process may be able to.
      LONG_S = 90

      # @return [Integer] errors since the start
      attr_reader :count

      def initialize
        @count = @streak = 0
      end

      # @param error [Exception]
      def note(error)
        @count += 1
        @text = ErrorLine.of(error)
        @at = Timestamps.now
      end

      # Nothing can be written at the moment.
      def begin
        @streak += 1
        @since ||= Timestamps.clock
        @since_ms ||= Timestamps.now
      end

      # Something was written.
      def over
        @streak = 0
        @since = @since_ms = nil
      end

      # @return [Numeric] seconds until the next try
      def pause
        PAUSES_S[[@streak, PAUSES_S.size].min - 1]
      end

      def long?
        !@since.nil? && Timestamps.clock - @since >= LONG_S
      end

      # @return [Hash] {errors:, last_error:, last_error_at:, failing_since: unix ms while nothing can be written}
      def to_h
        { errors: @count, last_error: @text, last_error_at: @at, failing_since: @since_ms }
      end
    end
  end
end
