# frozen_string_literal: true

module HeapPeriscopeAgent
  module CLI
    # Counts the reports of one instance that never came, by the gaps in their sequence. Late ones and repeated ones
    # are recognised within a window.
    class LossCounter
      WINDOW = 512

      # @return [Integer]
      attr_reader :lost

      def initialize
        @lost = 0
        @highest = nil
        @recent = {}
      end

      # @param sequence [Integer, nil]
      # @return [void]
      def record(sequence)
        return if sequence.nil? || @recent.key?(sequence)

        count(sequence)
        @recent[sequence] = true
        @recent.shift while @recent.size > WINDOW
      end

      private

      def count(sequence)
        if @highest.nil?
          @highest = sequence
        elsif sequence > @highest
          @lost += [sequence - @highest - 1, WINDOW].min # a sender may claim any number
          @highest = sequence
        elsif @highest - sequence < WINDOW && @lost.positive?
          @lost -= 1 # it had only been late
        end
      end
    end
  end
end
