# frozen_string_literal: true

module HeapPeriscopeUi
  module Collector
    # What the writer counts, in all and by minute. Used by the writer's thread only.
    class Counters
      TIMES = 200
      MINUTE_MS = 60_000

      # @return [Integer] batches of which the database did not take something
      attr_reader :divided
      attr_reader :stored, :failed, :refused

      def initialize
        @stored = @failed = @divided = 0
        @refused = Hash.new(0)
        @minutes = {}
        @write_ms = []
        @batch_rows = []
      end

      # @param reason [String] of {Refusals::MEANINGS}
      def refuse(reason, now_ms)
        @refused[reason] += 1
        minute = minute(now_ms)
        minute[:refused] += 1
        count, = minute[:reasons][reason]
        minute[:reasons][reason] = [(count || 0) + 1, now_ms]
      end

      # @param datagrams [Integer]
      def store(datagrams, now_ms)
        @stored += datagrams
        minute(now_ms)[:stored] += datagrams
      end

      # Datagrams whose rows the database did not take.
      def fail(datagrams)
        @failed += datagrams
      end

      def divide
        @divided += 1
      end

      def receive(datagrams, now_ms)
        minute(now_ms)[:received] += datagrams
      end

      # @param rows [Integer] messages of one transaction
      # @param milliseconds [Float] it took
      def time(rows, milliseconds)
        @write_ms << milliseconds
        @batch_rows << rows
        [@write_ms, @batch_rows].each { |list| list.shift if list.size > TIMES }
      end

      # @return [Float, nil] of the last {TIMES} transactions
      def write_ms_p95
        @write_ms.sort[(@write_ms.size * 0.95).floor]&.round(2)
      end

      # @return [Float, nil] messages a transaction
      def batch_rows
        @batch_rows.empty? ? nil : (@batch_rows.sum / @batch_rows.size.to_f).round(1)
      end

      # @return [Hash{Integer=>Hash}] minutes that changed since the call before: unix ms => {received:, stored:, refused:, reasons:}
      def take_minutes(now_ms)
        changed = @minutes.dup
        @minutes.delete_if { |at, _| at < now_ms - MINUTE_MS }
        changed
      end

      # @return [Float] received a second, over the last whole minute or what there is of this one
      def per_second(now_ms)
        at = now_ms - (now_ms % MINUTE_MS)
        last = @minutes[at - MINUTE_MS]
        return last[:received] / 60.0 if last

        (@minutes[at] ? @minutes[at][:received] : 0) / [(now_ms - at) / 1000.0, 1.0].max
      end

      private

      def minute(now_ms)
        @minutes[now_ms - (now_ms % MINUTE_MS)] ||= { received: 0, stored: 0, refused: 0, reasons: {} }
      end
    end
  end
end
