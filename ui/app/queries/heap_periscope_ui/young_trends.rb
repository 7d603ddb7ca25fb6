# frozen_string_literal: true

module HeapPeriscopeUi
  # Sparklines of processes that have reported for some minutes only. Their points of a minute each are too few to draw, and the first comes
  # after two minutes: until then each report is a point.
  module YoungTrends
    # From so many minutes on, the minutes are enough.
    MINUTES = 10
    PROCESSES = 50
    ROWS = 5_000

    module_function

    # @param summaries [Array<Hash>] of {ProcessSummary.of}; those of young processes get other trends
    # @return [Array<Hash>] the same, in the same order; `trend_step_ms` says how far apart points are
    def fill(summaries, now)
      points = read(summaries.select { |summary| young?(summary, now) }.map { |summary| summary[:id] }.last(PROCESSES), now)
      summaries.map do |summary|
        list = points[summary[:id]]
        next summary unless list

        summary.merge(trend: list.map(&:first), rss_trend: list.map(&:last), trend_step_ms: (summary[:interval] * 1000).to_i)
      end
    end

    def young?(summary, now)
      summary[:trend].size < MINUTES && now - summary[:first_seen_at] < (MINUTES + 2) * 60_000
    end

    # @return [Hash{Integer=>Array}] process => [[live slots, bytes of RSS]], oldest first
    def read(ids, now)
      return {} if ids.empty?

      live, rss = %w[heap_live_slots rss_bytes].map { |name| Metrics::INDEX.fetch(name) }
      rows = Sample.where(process_id: ids).where("at > ?", now - ((MINUTES + 2) * 60_000)).order(:at).limit(ROWS).pluck(:process_id, :core)
      rows.group_by(&:first).transform_values do |list|
        list.map { |_, core| Packing.load(core).values_at(live, rss) }
      end
    end
  end
end
