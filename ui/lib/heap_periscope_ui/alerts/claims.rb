# frozen_string_literal: true

module HeapPeriscopeUi
  module Alerts
    # Who looks, and who was told of what when: rows that all processes on one database share, so that each cause is told once in its time,
    # whichever of them finds it, and also after a restart.
    class Claims
      PREFIX = "alert:"
      TURN = "alerts"
      KEPT_MS = 7 * 86_400_000
      # What was not delivered is tried again after this long.
      RETRY_MS = 300_000
      # Whoever can send datagrams can invent leaks: no more than so many alerts an hour, of all causes together.
      HOURLY = 100

      # @param every_ms [Integer] at most one alert of a cause in this time
      def initialize(every_ms)
        @every_ms = every_ms
      end

      # Takes the turn to look, as far as nobody has for some time. Reads before it writes: most processes find that it is not due.
      # @param pause_ms [Integer]
      # @return [Boolean]
      def turn?(now_ms, pause_ms)
        at = Meta.where(key: TURN).pick(:at)
        return false if at && at > now_ms - pause_ms && at <= now_ms

        take?(TURN, now_ms, pause_ms)
      end

      # @return [Hash] what was remembered by whoever looked before
      def memory
        JSON.parse(Meta.where(key: TURN).pick(:value) || "{}")
      end

      def remember(values, now_ms)
        Meta.where(key: TURN).update_all(value: JSON.generate(values))
        Meta.where("key LIKE ? AND at < ?", "#{PREFIX}%", now_ms - KEPT_MS).delete_all
      end

      # @return [Boolean] whether this process is the one that tells the target of the cause now
      def claim?(cause, target, now_ms)
        key = key(cause, target)
        at = Meta.where(key: key).pick(:at)
        return false if at && at > now_ms - @every_ms && at <= now_ms

        take?(key, now_ms, @every_ms)
      end

      def try_again(cause, target, now_ms)
        Meta.where(key: key(cause, target)).update_all(at: now_ms - @every_ms + RETRY_MS)
      end

      # @return [Boolean] whether enough was told in this hour
      def full?(now_ms)
        Meta.where("key LIKE ? AND at > ?", "#{PREFIX}%", now_ms - 3_600_000).count >= HOURLY
      end

      private

      def key(cause, target)
        PREFIX + Digest::SHA256.hexdigest("#{cause}\n#{target.id}")[0, 48]
      end

      # A time that lies ahead was written by a clock that was wrong.
      def take?(key, now_ms, every_ms)
        Meta.insert_all([{ key: key, value: nil, at: 0 }], unique_by: :key) unless Meta.exists?(key: key)
        Meta.where(key: key).where("at <= ? OR at > ?", now_ms - every_ms, now_ms).update_all(at: now_ms) == 1
      end
    end
  end
end
