# frozen_string_literal: true

module HeapPeriscopeUi
  # What lists say about one process.
  module ProcessSummary
    module_function

    # @param process [ObservedProcess]
    # @param now [Integer] unix ms
    # @return [Hash] {id:, service_name:, host:, process_id:, instance:, ruby:, agent:, interval:, state: "alive"|"silent"|"gone",
    #   first_seen_at:, last_seen_at: (unix ms), goodbye_at:, goodbye_reason:, received:, lost:, rss_bytes:, pss_bytes:,
    #   heap_live_slots:, heap_free_slots:, heap_total_slots:, allocation_rate: (objects/s), gc_per_minute:, gc_share: (0..1),
    #   pause_p99_ms:, pause_max_ms:, leak_suspects: Integer, trend: [live slots of the last minutes, oldest first],
    #   rss_trend: [bytes…], trend_step_ms: between points}; a figure that is not known is nil
    def of(process, now = Timestamps.now)
      metrics = process.metrics
      {
        id: process.id, service_name: process.service_name, host: process.host, process_id: process.process_id, instance: process.instance,
        ruby: process.ruby, agent: process.agent, interval: process.interval, state: process.state(now),
        first_seen_at: process.first_seen_at, last_seen_at: process.last_seen_at, goodbye_at: process.goodbye_at,
        goodbye_reason: process.goodbye_reason, received: process.received, lost: process.lost,
        **metrics.slice("rss_bytes", "pss_bytes", "heap_live_slots", "heap_free_slots", "heap_total_slots", "allocation_rate", "gc_per_minute",
                        "gc_share", "pause_p99_ms", "pause_max_ms").transform_keys(&:to_sym),
        leak_suspects: process.leak_suspects, **trends(process)
      }
    end

    def trends(process)
      live, rss = Trend.load(process.trend)
      { trend: live, rss_trend: rss, trend_step_ms: 60_000 }
    end
  end
end
