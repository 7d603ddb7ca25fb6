# frozen_string_literal: true

module HeapPeriscopeUi
  class Store
    # What the writer remembers of one process between its reports.
    class ProcessState
      # Sequence numbers before the newest of which is known whether they are missing, to tell a late report from a repeated one.
      WIDTH = 1_024
      MASK = (1 << WIDTH) - 1
      # Reports that one gap counts for at most: more were not sent, but the number is wrong.
      GAP = 100_000

      # @return [Integer] row id
      attr_reader :id
      # @return [Integer, nil] of the newest report
      attr_accessor :last_sequence
      # @return [Array] the newest snapshot's counters and time, for rates
      attr_accessor :previous
      # @return [Hash] what GC reports said since the newest snapshot; agents before gc_pauses
      attr_reader :gc_sum
      # @return [Hash] columns to update at the end of the batch
      attr_reader :changes
      attr_accessor :interval
      # @return [Array, nil] keys and id of the layout of the newest snapshot
      attr_accessor :layout

      # @param first_seen_at [Integer, nil] unix ms of the oldest report
      def initialize(id, last_sequence: nil, interval: 10.0, first_seen_at: nil)
        @id = id
        @first_seen_at = first_seen_at
        @last_sequence = last_sequence
        @interval = interval
        @changes = {}
        @missing = 0
        @received = @lost = 0
        reset_gc_sum
      end

      def reset_gc_sum
        @gc_sum = { reports: 0, count: nil, total_ms: 0.0, max_ms: nil }
      end

      # @param at [Integer] unix ms of the report
      def count_received(at)
        @received += 1
        return unless @first_seen_at && at < @first_seen_at

        # The clock was set back: what is older than the first report is looked for from there.
        @first_seen_at = @changes[:first_seen_at] = at
      end

      # @return [Integer] how many reports before this one are missing; 0 for one that comes late or twice
      def advance(sequence)
        return 0 unless sequence

        step = sequence - (@last_sequence || (sequence - 1))
        return late(-step) unless step.positive?

        miss(step)
        @last_sequence = sequence
        gap = [step - 1, GAP].min
        @lost += gap
        gap
      end

      # @return [Array(Integer, Integer)] received and lost since the call before
      def take_counts
        counts = [@received, @lost]
        @received = @lost = 0
        counts
      end

      def take_changes
        taken = @changes
        @changes = {}
        taken
      end

      private

      # Bit n of @missing stands for the n-th number before the newest.
      def miss(step)
        return @missing = MASK & ~1 if step > WIDTH

        @missing = ((@missing << step) | ((1 << step) - 2)) & MASK
      end

      def late(age)
        if age < WIDTH && @missing[age] == 1
          @missing &= ~(1 << age)
          @lost -= 1
        end
        0
      end
    end
  end
end
