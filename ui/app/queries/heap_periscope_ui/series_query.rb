# frozen_string_literal: true

module HeapPeriscopeUi
  # Metrics of a process or service over time, from the level that fits the range.
  class SeriesQuery
    PERCENTILES = %w[pause_p50_ms pause_p95_ms pause_p99_ms].freeze

    attr_reader :process, :range

    # @param process [ObservedProcess, ObservedService]
    # @param range [TimeRange]
    # @param metrics [Array<String>] of {Metrics::NAMES}, or "gc_stats.<key>", "object_space_summary.<key>", "heap_pools.<bytes>.<key>",
    #   "agent_cost.<key>" of what the process reports
    # @raise [BadParameter]
    def initialize(process, range, metrics)
      unknown = metrics.reject { |name| Metrics::INDEX.key?(name) || name.match?(/\A(gc_stats|object_space_summary|heap_pools|process_memory|agent_cost|census)\.[\w.]{1,100}\z/) }
      if unknown.any?
        raise BadParameter, "metric must be one of #{Metrics::NAMES.join(", ")}, or gc_stats.<key>, object_space_summary.<key>, " \
                            "heap_pools.<bytes>.<key>, agent_cost.<key>; not #{unknown.first.to_s.first(80).inspect}"
      end

      @process = process
      @range = range
      @metrics = metrics
    end

    # @return [Hash] {from:, to:, step_ms: 0 where points are what arrived, interval_ms: usual distance of points (a longer one is a gap),
    #   series: {"rss_bytes" => [[unix_ms, value or nil], …], …}, bands: {"rss_bytes" => [[unix_ms, least, greatest], …]} (rollups only)};
    #   percentiles of pauses are nil where they came from a histogram in which pauses are missing
    def call
      rows = SampleRows.new(process, range, columns: columns).call
      {
        from: range.from, to: range.to, step_ms: rows.level.step_ms, interval_ms: rows.level.step_ms.zero? ? (process.interval * 1000).to_i : rows.level.step_ms,
        series: @metrics.to_h { |name| [name, points(rows, name)] },
        bands: rows.level.step_ms.zero? ? {} : @metrics.select { |name| Metrics::INDEX.key?(name) }.to_h { |name| [name, band(rows, name)] }
      }
    end

    private

    def columns
      details = @metrics.all? { |name| Metrics::INDEX.key?(name) } ? [] : %i[layout_id details]
      [:core, *details, *(:pauses if @metrics.intersect?(PERCENTILES))]
    end

    def points(rows, name)
      if (index = Metrics::INDEX[name])
        rows.map { |row| [row.at, (row.metric(index) unless PERCENTILES.include?(name) && wrong?(row))] }
      else
        rows.map { |row| [row.at, row.detail(name)] }
      end
    end

    # What arrived has the agent's own percentiles; those of rollups come from the histogram.
    def wrong?(row)
      @since ||= Store::WholePauses.since
      row.width > 1 && row.pauses_missing?(@since)
    end

    def band(rows, name)
      rows.map { |row| [row.at, *row.band(Metrics::INDEX[name])] }
    end
  end
end
