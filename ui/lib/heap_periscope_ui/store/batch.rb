# frozen_string_literal: true

module HeapPeriscopeUi
  class Store
    # Turns the messages of one transaction into rows.
    class Batch
      SAMPLE_COLUMNS = %i[process_id at reports layout_id core details pauses classes spans allocation_sites
                          retained_sites].freeze
      EVENT_COLUMNS = %i[process_id at kind data].freeze
      CENSUS_COLUMNS = %i[process_id span_type name_id at live_objects survivors].freeze
      # A clock further off than this is not believed.
      CLOCK_LIMIT_MS = 30_000

      def initialize(store, connection, received_at)
        @store = store
        @received_at = received_at
        @rows = Rows.for(connection)
        @samples = []
        @events = []
        @censuses = []
        @packer = PayloadPacker.new(store, received_at)
      end

      # @param messages [Array<Hash>]
      # @yieldparam index [Integer] of the message that comes next
      def write(messages)
        @store.names.prepare(@packer.texts(messages), @received_at)
        touched = messages.each_with_index.map do |message, index|
          yield index if block_given?
          add(message)
        end.uniq
        @rows.insert(Sample, SAMPLE_COLUMNS, @samples)
        @rows.insert(Event, EVENT_COLUMNS, @events)
        @rows.insert(SpanCensus, CENSUS_COLUMNS, @censuses)
        touched.each { |state| update(state) }
      end

      private

      def add(message)
        at = time_of(message)
        state = @store.registry.fetch(message, at)
        state.count_received(at)
        lost = state.advance(message["sequence"])
        event(state, at, :lost, "n" => lost, "sequence" => message["sequence"]) if lost.positive?
        state.changes[:last_seen_at] = [state.changes[:last_seen_at] || 0, @received_at].max
        record(message, state, at)
        state
      end

      def record(message, state, at)
        case message["type"]
        when "snapshot", "snapshot_part" then snapshot(message, state, at)
        when "gc_profiler_report" then gc_report(message["payload"], state, at)
        when "goodbye" then goodbye(message["payload"], state, at)
        end
      end

      # The sender's clock, unless it is absurd: then the time of arrival.
      def time_of(message)
        arrived = message["_at"] || @received_at
        at = Timestamps.parse(message["reported_at"])
        at && (at - arrived).abs <= CLOCK_LIMIT_MS ? at : arrived
      end

      def snapshot(message, state, at)
        payload = message["payload"]
        core = Packing.dump(Frame.core(payload, at, state))
        state.reset_gc_sum
        layout = layout(payload, state)
        @samples << [
          state.id, at, 1, layout, core, layout && Packing.dump(Sections.values(payload)),
          (buckets = Frame.pause_buckets(payload, @store.notices)) && Packing.dump(buckets),
          @packer.classes(payload), @packer.spans(payload), @packer.allocation_sites(payload), @packer.retained_sites(payload)
        ]
        @packer.censuses(payload, state, at) { |row| @censuses << row }
        Suspects.new(@store.names).write(state, payload["leak_suspects"], at) if payload["leak_suspects"]
        remember(message, state, core, at)
        event(state, at, :snapshot, "sequence" => message["sequence"], "parts" => message["_parts"] || 1, "bytes" => message["_bytes"],
                                    "census_ms" => payload.dig("agent_cost", "census", "wall_ms"))
      end

      # Mostly the same as in the process's report before.
      def layout(payload, state)
        keys = Sections.keys(payload)
        state.layout = @store.layouts.find(keys) unless state.layout && state.layout[0] == keys
        state.layout && state.layout[1]
      end

      def remember(message, state, core, at)
        state.interval = message["interval"] if message["interval"]
        state.changes.merge!(core: core, interval: state.interval, goodbye_at: nil, goodbye_reason: nil)
        state.changes[:ruby] = message["ruby"] if message["ruby"]
        sampling = message["payload"]["allocation_sampling"]
        state.changes[:latest] = JSON.generate("at" => at, "allocation_sampling" => sampling)
      end

      def gc_report(payload, state, at)
        sum = state.gc_sum
        duration = payload["gc_duration_since_last_check_ms"]
        sum[:reports] += 1
        sum[:count] = (sum[:count] || 0) + payload["gc_invocation_count"] if payload["gc_invocation_count"]
        sum[:total_ms] += duration || 0
        longest = payload["pauses_ms"]&.max
        sum[:max_ms] = [sum[:max_ms], longest].compact.max
        info = payload["latest_gc_info"] || {}
        event(state, at, :gc, "n" => payload["gc_invocation_count"], "ms" => duration, "pauses" => payload["pauses_ms"],
                              "by" => info["gc_by"], "major" => info["major_by"], "single" => payload["pauses"]&.first(3))
      end

      def goodbye(payload, state, at)
        state.changes.merge!(goodbye_at: at, goodbye_reason: payload["reason"])
        event(state, at, :goodbye, "reason" => payload["reason"])
      end

      def event(state, at, kind, data)
        @events << [state.id, at, Event::KINDS.fetch(kind), JSON.generate(data.compact)]
      end

      def update(state)
        received, lost = state.take_counts
        @rows.update(ObservedProcess, state.id, state.take_changes.merge(last_sequence: state.last_sequence),
                     { received: received, lost: lost })
      end
    end
  end
end
