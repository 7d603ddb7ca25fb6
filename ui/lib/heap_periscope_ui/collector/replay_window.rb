# frozen_string_literal: true

module HeapPeriscopeUi
  module Collector
    # Remembers which (instance, sequence, part) were seen, in bounded memory: for each instance and part the newest sequence and a
    # bit for each of the {WIDTH} before it, as IPsec does (RFC 4303, 3.4.3). What is older than that counts as seen.
    class ReplayWindow
      WIDTH = 1_024
      MASK = (1 << WIDTH) - 1
      LIMIT = 20_000

      Entry = Struct.new(:newest, :bits, :used_ms)

      # @param keep_ms [Integer] how long an instance that sends nothing is remembered at least; a datagram older than that is
      #   refused by its time
      # @param last [#call, nil] the newest sequence of an instance that an earlier collector has taken, or nil
      def initialize(keep_ms:, last: nil, limit: LIMIT)
        @keep_ms = keep_ms
        @last = last
        @limit = limit
        @entries = {}
      end

      # @return [Boolean] true the first time only
      def fresh?(instance, sequence, part, now_ms)
        entry = @entries[[instance, part]] || remember(instance, part, sequence, now_ms)
        return false unless entry

        entry.used_ms = now_ms
        sequence > entry.newest ? advance(entry, sequence) : mark(entry, entry.newest - sequence)
      end

      private

      # All that an earlier collector may have taken counts as seen.
      def remember(instance, part, sequence, now_ms)
        return unless room?(now_ms)

        taken = @last&.call(instance)
        @entries[[instance, part]] = taken ? Entry.new(taken, MASK, now_ms) : Entry.new(sequence - 1, 0, now_ms)
      end

      def advance(entry, sequence)
        shift = sequence - entry.newest
        entry.bits = shift > WIDTH ? 1 : ((entry.bits << shift) | 1) & MASK
        entry.newest = sequence
        true
      end

      def mark(entry, age)
        return false if age >= WIDTH || entry.bits[age] == 1

        entry.bits |= 1 << age
        true
      end

      # When full, those go whose datagrams are too old to be taken anyway. Where none are, new instances wait: only who knows the
      # secret can fill this.
      def room?(now_ms)
        @entries.delete_if { |_, entry| now_ms - entry.used_ms > @keep_ms } if @entries.size >= @limit
        @entries.size < @limit
      end
    end
  end
end
