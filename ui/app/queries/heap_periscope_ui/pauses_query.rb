# frozen_string_literal: true

module HeapPeriscopeUi
  # Pauses of a process or service by length.
  class PausesQuery
    def initialize(process, range)
      @process = process
      @range = range
    end

    # @return [Hash] {measured: Boolean (single pauses are known), count:, total_ms:, max_ms:, buckets: [{le_ms: or nil, minor:, major:}],
    #   incomplete_until: unix ms before which pauses are missing in the buckets, or nil}
    def call
      rows = SampleRows.new(@process, @range, columns: %i[core pauses]).call.to_a
      since = Store::WholePauses.since
      counts = Array.new(Metrics::PAUSE_BOUNDS_MS.size * 2, 0)
      rows.each { |row| Packing.load(row.pauses).each_with_index { |count, index| counts[index] += count } }
      { measured: rows.any?(&:pauses), count: sum(rows, "pause_count"), total_ms: sum(rows, "pause_total_ms"),
        max_ms: rows.filter_map { |row| row.band(Metrics::INDEX["pause_max_ms"]).last }.max,
        incomplete_until: rows.reverse.find { |row| row.pauses_missing?(since) }&.at,
        buckets: Metrics::PAUSE_BOUNDS_MS.zip(counts.each_slice(2)).map { |bound, (minor, major)| { le_ms: bound, minor: minor, major: major } } }
    end

    private

    def sum(rows, name)
      rows.sum { |row| row.metric(Metrics::INDEX[name]) || 0 }.round(3)
    end
  end
end
