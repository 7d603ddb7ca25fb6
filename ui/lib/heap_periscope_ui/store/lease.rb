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
        @asked_at = 0
        @mine = false
      end

      # @return [Boolean] whether it is held, asked at most every {RENEW_MS}
      def held?(now_ms)
        return @mine if now_ms - @asked_at < RENEW_MS

        @asked_at = now_ms
        @mine = take(now_ms)
      end

      def release
        Meta.where(key: @key, value: @me).update_all(at: 0) if @mine
        @mine = false
      end

      private

      def take(now_ms)
        Meta.insert_all([{ key: @key, value: nil, at: 0 }], unique_by: :key) unless Meta.exists?(key: @key)
        Meta.where(key: @key).where("value = ? OR at < ?", @me, now_ms).update_all(value: @me,
                                                                                   at: now_ms + LENGTH_MS) == 1
      end
    end
  end
end
