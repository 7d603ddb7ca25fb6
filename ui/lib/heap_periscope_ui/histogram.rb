# frozen_string_literal: true

module HeapPeriscopeUi
  # The pause histogram: which bucket a pause is in, and percentiles. {Metrics::PAUSE_BOUNDS_MS} is the one source of the bounds.
  module Histogram
    BOUNDS = Metrics::PAUSE_BOUNDS_MS
    SIZE = BOUNDS.size
    # By number: JSON may spell the same bound 1 or 1.0.
    INDEX = BOUNDS.each_with_index.to_h { |bound, index| [bound&.to_f, index] }.freeze
    # Where the last bucket, which is open, is taken to end.
    LONGEST_MS = 5_000.0

    module_function

    # @param entries [Array<Hash>] `buckets` of a report: {"le_ms", "minor", "major"}
    # @return [Array(Array<Integer>, Integer)] minor and major count of each bucket of {Metrics::PAUSE_BOUNDS_MS}; and pauses that came
    #   with another bound, which are counted in the bucket that holds it
    def counts(entries)
      counts = Array.new(SIZE * 2, 0)
      elsewhere = 0
      entries.each do |entry|
        minor, major = entry["minor"] || 0, entry["major"] || 0
        index = INDEX[entry["le_ms"]&.to_f]
        elsewhere += minor + major unless index
        index ||= BOUNDS.index { |bound| bound.nil? || bound >= entry["le_ms"] }
        counts[index * 2] += minor
        counts[(index * 2) + 1] += major
      end
      [counts, elsewhere]
    end

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
      upper = BOUNDS[index] || LONGEST_MS
      lower = index.zero? ? upper / 10.0 : BOUNDS[index - 1]
      lower * ((upper / lower.to_f)**share)
    end
  end
end
