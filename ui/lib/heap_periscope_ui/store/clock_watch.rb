# frozen_string_literal: true

module HeapPeriscopeUi
  class Store
    # Whether the system's clock goes as the monotonic one does. Somebody may set it, for a moment to next week; nothing is to be thrown
    # away by such a time. It is believed again once it has gone on for a while.
    class ClockWatch
      # Time server's corrections are less.
      JUMP_MS = 60_000
      TRUSTED_AFTER_MS = 600_000

      # @param now_ms [Integer] unix ms
      # @param clock_ms [Numeric] of a clock that nobody sets
      # @return [Boolean]
      def steady?(now_ms, clock_ms)
        offset = now_ms - clock_ms
        @offset ||= offset
        if (offset - @offset).abs > JUMP_MS
          @offset = offset
          @jumped_at = clock_ms
        end
        @jumped_at = nil if @jumped_at && clock_ms - @jumped_at > TRUSTED_AFTER_MS
        @jumped_at.nil?
      end
    end
  end
end
