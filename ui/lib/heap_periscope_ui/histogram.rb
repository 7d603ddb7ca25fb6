# frozen_string_literal: true

module HeapPeriscopeUi
  # Percentiles from the pause histogram.
  module Histogram
    module_function

    # @param counts [Array<Integer>] minor and major of each bucket of {Metrics::PAUSE_BOUNDS_MS}
    # @param share [Float] 0..1
    # @return [Float, nil] ms, within the bucket by the logarithm; nil without pauses
    def percentile(counts, share)
      totals = counts.each_slice(2).map(&:sum)
      target = totals.sum * share
      return if target.zero?

      before = 0
      totals.each_with_index do |count, index|
        return within(index, (target - before) / count) if count.positive? && before + count >= target

        before += count
      end
      nil
    end

    def within(index, share)
      upper = Metrics::PAUSE_BOUNDS_MS[index] || 5_000.0
      lower = index.zero? ? upper / 10.0 : Metrics::PAUSE_BOUNDS_MS[index - 1]
      lower * ((upper / lower.to_f)**share)
    end
  end
end
