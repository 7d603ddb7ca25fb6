# frozen_string_literal: true

require "securerandom"

module HeapPeriscopeUi
  class Store
    # Of several collectors on one database, one keeps house: the one whose name stands in the lease, as long as it renews it.
    class Lease
      LENGTH_MS = 30_000
      RENEW_MS = 10_000

      def initialize(key = "housekeeper")
        @key = key
        @me = SecureRandom.uuid
        @asked_at = -Float::INFINITY
        @mine = false
      end

      # @param clock_ms [Numeric] of a clock that nobody sets
      # @return [Boolean] whether it is held, asked at most every {RENEW_MS}
      def held?(now_ms, clock_ms = now_ms)
        return @mine if clock_ms - @asked_at < RENEW_MS

        @asked_at = clock_ms
        @mine = take(now_ms)
      end

      def release
        Meta.where(key: @key, value: @me).update_all(at: 0) if @mine
        @mine = false
      end

      private

      def take(now_ms)
        Meta.insert_all([{ key: @key, value: nil, at: 0 }], unique_by: :key) unless Meta.exists?(key: @key)
        # One that ends later than any lease can was taken by a clock that was ahead.
        Meta.where(key: @key).where("value = ? OR at < ? OR at > ?", @me, now_ms, now_ms + (2 * LENGTH_MS))
            .update_all(value: @me, at: now_ms + LENGTH_MS) == 1
      end
    end
  end
end
