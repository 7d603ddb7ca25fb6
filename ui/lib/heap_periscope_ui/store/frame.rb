# frozen_string_literal: true

module HeapPeriscopeUi
  class Store
    # The metrics of one snapshot, in the order of {Metrics::ALL}, as stored: whole numbers or nil. Works with what
    # {Collector::PayloadSchema} let in.
    module Frame
      COUNTERS = %w[total_allocated_objects count minor_gc_count major_gc_count time].freeze
      # A shorter time says nothing about a share of it.
      LEAST_S = 0.001

      module_function

      # @param payload [Hash] of a snapshot
      # @param at [Integer] unix ms
      # @param state [ProcessState] its `previous` counters give the rates; replaced by this snapshot's
      # @return [Array<Integer, nil>]
      def core(payload, at, state)
        gc = payload["gc_stats"] || {}
        memory = payload["process_memory"] || {}
        allocated, count, minor, major, time, seconds = rates(gc, at, state)
        pauses = payload["gc_pauses"] || legacy_pauses(state)
        [
          memory["rss_bytes"], memory["pss_bytes"], gc["heap_live_slots"], gc["heap_free_slots"], total_slots(payload, gc), gc["old_objects"],
          scaled(allocated, 1000), gc_share(pauses, time, seconds), scaled(count, 60_000), scaled(minor, 60_000), scaled(major, 60_000),
          *pause_figures(pauses),
          memory["shared_bytes"], memory["private_bytes"], memory["swap_bytes"], gc["malloc_increase_bytes"],
          scaled(payload.dig("agent_cost", "core_share"), 1_000_000)
        ].map { |value| Sections.integer(value) }
      end

      # @param notices [Notices] gets the pauses whose bucket is not known
      # @return [Array<Integer>, nil] minor and major count of each bucket of {Metrics::PAUSE_BOUNDS_MS}
      def pause_buckets(payload, notices)
        buckets = payload.dig("gc_pauses", "buckets")
        return if buckets.nil? || buckets.empty?

        counts, elsewhere = Histogram.counts(buckets)
        notices.count(:pauses_of_unknown_buckets, elsewhere)
        counts
      end

      # @return [Array<Float, nil>, nil] a second, in the order of {COUNTERS}, then the seconds
      def rates(stats, at, state)
        counters = stats.values_at(*COUNTERS) << at
        previous = state.previous
        state.previous = counters
        return unless previous && at > previous.last

        seconds = (at - previous.last) / 1000.0
        rates = Array.new(COUNTERS.size) { |index| rate(counters[index], previous[index], seconds) }
        rates << seconds
      end

      def rate(value, before, seconds)
        value && before && value >= before ? (value - before) / seconds : nil
      end

      # From the pauses where they are measured, else from GC.stat's own clock.
      def gc_share(pauses, time, seconds)
        span = (pauses && pauses["since_s"]) || seconds
        if pauses && pauses["total_ms"] && span && span >= LEAST_S
          scaled(pauses["total_ms"] / (span * 1000.0), 1_000_000)
        elsif time
          scaled(time / 1000.0, 1_000_000)
        end
      end

      def pause_figures(pauses)
        return [nil] * 6 unless pauses

        [pauses["count"], *%w[total_ms max_ms p50_ms p95_ms p99_ms].map { |key| scaled(pauses[key], 1000) }]
      end

      # Agents of 0.3.0 tell about collections in reports of their own only.
      def legacy_pauses(state)
        sum = state.gc_sum
        return if sum[:reports].zero?

        { "count" => sum[:count], "total_ms" => sum[:total_ms], "max_ms" => sum[:max_ms] }
      end

      def total_slots(payload, stats)
        payload.dig("object_space_summary", "TOTAL") || stats["heap_available_slots"]
      end

      def scaled(value, scale)
        value && (value * scale).round
      end
    end
  end
end
