# frozen_string_literal: true

module HeapPeriscopeUi
  # The last hour of a process for sparklines: live slots and resident memory, a point a minute, kept on its row.
  module Trend
    POINTS = 60

    module_function

    # @param points [Array<Array>] `[live slots, bytes]`, oldest first
    # @return [String]
    def dump(points)
      Packing.dump(points.last(POINTS).flatten)
    end

    # @return [Array(Array, Array)] live slots and bytes, oldest first, nil where not known
    def load(blob)
      pairs = Packing.load(blob).each_slice(2).to_a
      [pairs.map(&:first), pairs.map(&:last)]
    end
  end
end
