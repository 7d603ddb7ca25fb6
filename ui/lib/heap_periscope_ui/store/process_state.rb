# frozen_string_literal: true

module HeapPeriscopeUi
  class Store
    # What the writer remembers of one process between its reports.
    class ProcessState
      # Sequence numbers kept as missing, to tell a late report from a repeated one.
      MISSING = 1_000

      # @return [Integer] row id
      attr_reader :id
      # @return [Integer, nil] of the newest report
      attr_accessor :last_sequence
      # @return [Array] the newest snapshot's counters and time, for rates
      attr_accessor :previous
      # @return [Hash] what GC reports said since the newest snapshot; agents before gc_pauses
      attr_reader :gc_sum
      # @return [Hash] when the census of each span was taken
      attr_reader :span_measured
      # @return [Hash] columns to update at the end of the batch
      attr_reader :changes
      attr_accessor :interval
      # @return [Array, nil] keys and id of the layout of the newest snapshot
      attr_accessor :layout

      def initialize(id, last_sequence: nil, interval: 10.0)
        @id = id
        @last_sequence = last_sequence
        @interval = interval
        @span_measured = {}
        @changes = {}
        @missing = {}
        @received = @lost = 0
        reset_gc_sum
      end

      def reset_gc_sum
        @gc_sum = { reports: 0, count: nil, total_ms: 0.0, max_ms: nil }
      end

      def count_received
        @received += 1
      end

      # @return [Integer] how many reports before this one are missing; 0 for one that comes late or twice
      def advance(sequence)
        return 0 unless sequence

        gap = sequence - (@last_sequence || (sequence - 1)) - 1
        if gap.negative?
          @lost -= 1 if @missing.delete(sequence)
          return 0
        end
        gap.clamp(0, MISSING).times { |i| @missing[sequence - 1 - i] = true }
        @missing.shift while @missing.size > MISSING
        @last_sequence = sequence
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
    end
  end
end
