# frozen_string_literal: true

module HeapPeriscopeUi
  module Collector
    # Whether so much arrives that a server's requests would feel a collecting thread: about 1 % of the interpreter's time.
    class RateWatch
      PER_S = 50
      WINDOW_MS = 10_000

      # @param now_ms [Integer]
      # @param received [Integer] datagrams so far
      # @return [Boolean] once a window; false within one
      def high?(now_ms, received)
        @since_ms ||= now_ms
        @before ||= received
        width = now_ms - @since_ms
        return begin_anew(now_ms, received) if width.negative? # the clock was set
        return false if width < WINDOW_MS

        high = (received - @before) * 1000 >= PER_S * width
        begin_anew(now_ms, received)
        high
      end

      private

      # @return [Boolean] false: nothing is known yet
      def begin_anew(now_ms, received)
        @since_ms = now_ms
        @before = received
        false
      end
    end
  end
end
