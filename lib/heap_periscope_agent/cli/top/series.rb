# frozen_string_literal: true

require_relative "../command"

module HeapPeriscopeAgent
  module CLI
    class Top < Command
      # Values with their times, of the last minutes.
      class Series
        MAX_POINTS = 1000

        # @param span_s [Integer] how long a value is kept
        def initialize(span_s)
          @span_s = span_s
          @points = []
        end

        # @param at [Time] values out of order are left out
        # @param value [Numeric, nil]
        def add(at, value)
          return if value.nil? || (@points.any? && at <= @points.last.first)

          @points << [at, value]
          @points.shift while @points.size > MAX_POINTS || at - @points.first.first > @span_s
        end

        # @param over_s [Numeric] how far back to look for the other end
        # @return [Float, nil] growth a second; nil until there are two values, and where a counter began anew
        def rate(over_s)
          return if @points.size < 2

          *earlier, (at, value) = @points
          # The newest of those that are far enough back, so that the time spanned is never shorter than asked for.
          since, before = earlier.reverse_each.find { |time, _| at - time >= over_s } || earlier.first
          (value - before) / (at - since) if value >= before
        end

        # @param cells [Integer]
        # @param now [Time]
        # @return [Array<Numeric, nil>] one value for each equal stretch of the whole span, oldest first: the
        #   last one in it, or the one before it; nil from before the first value
        def cells(cells, now)
          index = 0
          value = nil
          Array.new(cells) do |cell|
            ends = now - (@span_s * (cells - cell - 1).fdiv(cells))
            while index < @points.size && @points[index].first <= ends
              value = @points[index].last
              index += 1
            end
            value
          end
        end
      end
    end
  end
end
