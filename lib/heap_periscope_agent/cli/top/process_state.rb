# frozen_string_literal: true

require_relative "../receiving/loss_counter"
require_relative "class_growth"
require_relative "happenings"
require_relative "series"

module HeapPeriscopeAgent
  module CLI
    class Top < Command
      # What is known of one process from its reports.
      class ProcessState
        TREND_S = 300
        TREND_CELLS = 13
        RATE_S = 60
        DEFAULT_INTERVAL_S = 10
        MAX_EVENTS = 50
        MAX_PAUSES = 1000
        MAX_PAUSE_MS = 86_400_000
        private_constant :TREND_S, :TREND_CELLS, :RATE_S, :DEFAULT_INTERVAL_S, :MAX_EVENTS, :MAX_PAUSES, :MAX_PAUSE_MS

        attr_reader :key, :process_id, :last_seen_at, :losses
        # @return [Array<Event>] newest first
        attr_reader :events

        # @param datagram [Datagram] the first of it
        def initialize(datagram)
          @key = datagram.source
          @process_id = datagram.process_id
          @host = datagram.host || datagram.from[/\A\[?(.*?)\]?:\d+\z/, 1]
          @losses = LossCounter.new
          @classes = ClassGrowth.new
          @events = []
          @pauses = []
          @allocated = Series.new(RATE_S)
          @collections = Series.new(RATE_S + 30)
          @gc_time_ms = Series.new(RATE_S + 30)
          @size = Series.new(TREND_S)
        end

        # @return [Array(String, Integer)] where it runs: two instances in one place are one after the other
        def place = [@host, process_id]

        # @param datagram [Datagram] a whole report
        def apply(datagram)
          @service = datagram.service_name
          @ruby = datagram.ruby || @ruby
          @interval = datagram.interval || @interval
          @last_seen_at = datagram.received_at
          @ended = datagram.type == "goodbye"
          case datagram.type
          when "snapshot" then apply_snapshot(datagram.payload, datagram.received_at)
          when "gc_profiler_report" then apply_pauses(datagram.payload)
          end
          @events.unshift(*Happenings.in(datagram)).slice!(MAX_EVENTS..)
        end

        # @return [:alive, :silent, :ended]
        def state(now)
          return :ended if @ended

          now - last_seen_at > 3 * (@interval || DEFAULT_INTERVAL_S) ? :silent : :alive
        end

        # @return [ProcessRow]
        def row(now)
          ProcessRow.new(key: key, service: @service, process_id: process_id, host: @host, ruby: @ruby,
                         state: state(now), age_s: [now - last_seen_at, 0].max, trend: @size.cells(TREND_CELLS, now),
                         rss_bytes: @rss_bytes, live_slots: @live_slots, free_slots: @free_slots,
                         classes: @classes.rows, classes_by: @classes.by, classes_since: @classes.since, **rates)
        end

        private

        def apply_snapshot(payload, at)
          gc = Fields.hash(payload, "gc_stats")
          @rss_bytes = Fields.count(Fields.hash(payload, "process_memory"), "rss_bytes")
          @live_slots = Fields.count(gc, "heap_live_slots")
          @free_slots = Fields.count(gc, "heap_free_slots")
          @allocated.add(at, Fields.count(gc, "total_allocated_objects"))
          @collections.add(at, Fields.count(gc, "count"))
          @gc_time_ms.add(at, Fields.number(gc, "time"))
          @size.add(at, @rss_bytes || @live_slots)
          @pause_p99_ms = Fields.number(Fields.hash(payload, "gc_pauses"), "p99_ms")
          @classes.update(payload, at)
        end

        def apply_pauses(payload)
          pauses = Fields.array(payload, "pauses_ms").grep(Numeric).select { |ms| ms.to_f.between?(0, MAX_PAUSE_MS) }
          @pauses.concat(pauses.map(&:to_f)).shift([@pauses.size - MAX_PAUSES, 0].max)
        end

        def rates
          per_second = @collections.rate(RATE_S)
          gc_ms = @gc_time_ms.rate(RATE_S)
          { allocation_rate: @allocated.rate(0), gc_per_minute: per_second && (per_second * 60),
            gc_share: gc_ms && (gc_ms / 1000), pause_p99_ms: pause_p99_ms }
        end

        # Of the last thousand pauses (nearest rank); where they are not told one by one, what the last snapshot says.
        def pause_p99_ms
          @pauses.empty? ? @pause_p99_ms : @pauses.sort[((@pauses.size * 0.99).ceil - 1)]
        end
      end
    end
  end
end
