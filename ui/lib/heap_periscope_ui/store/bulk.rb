# frozen_string_literal: true

module HeapPeriscopeUi
  class Store
    # Writes the past: rows of any level in large numbers, for imports, seeds and benchmarks. Packs with what {Batch} packs with and
    # rolls up with what {Rollup} rolls up with.
    class Bulk
      # @param store [Store]
      def initialize(store)
        @store = store
      end

      # @param message [Hash] any message of the process, for its envelope
      # @param first_at, last_at [Integer] unix ms
      # @return [Integer] id of the process's row
      def process(message, first_at, last_at)
        state = @store.registry.fetch(message, first_at)
        ObservedProcess.where(id: state.id).update_all(last_seen_at: last_at)
        state.id
      end

      # @param messages [Array<Hash>] snapshots of one process, oldest first
      # @return [Array<Merge::Row>] one for each, packed
      def rows(messages)
        packer = PayloadPacker.new(@store, Timestamps.now)
        @store.names.prepare(packer.texts(messages), Timestamps.now)
        state = ProcessState.new(0)
        messages.map { |message| row(message["payload"], Timestamps.parse(message["reported_at"]), packer, state) }
      end

      # @param rows [Array<Merge::Row>] that follow each other
      # @param level [Levels::Level] of the row wanted
      # @param newest [Merge::Row] the newest row that has details
      # @return [Merge::Row]
      def rolled_up(rows, level, newest)
        row = Merge.over_time(rows, width: level.index == 1 ? 1 : 3)
        row.layout_id, row.details = newest.layout_id, newest.details unless level.index == 1
        row
      end

      # @param entries [Array<Array>] `[process id, unix ms, Merge::Row]`, in the order of time
      def write(level, entries)
        insert(Sample.at_level(level), Batch::SAMPLE_COLUMNS, entries.map { |id, at, row| [id, at, *row.to_a] })
      end

      # @param entries [Array<Array>] `[process id, unix ms, kind, data as a Hash]`
      def write_events(entries)
        insert(Event, Batch::EVENT_COLUMNS, entries.map { |id, at, kind, data| [id, at, Event::KINDS.fetch(kind), JSON.generate(data)] })
      end

      # @param marks [Hash{Levels::Level=>Integer}] level => unix ms up to which it is complete
      def complete(marks)
        rows = marks.map { |level, at| { key: "rolled_#{level.index}", value: nil, at: at } }
        Meta.upsert_all(rows, unique_by: :key)
      end

      private

      def row(payload, at, packer, state)
        _, layout = @store.layouts.find(Sections.keys(payload))
        buckets = Frame.pause_buckets(payload, @store.notices)
        Merge::Row.new(
          1, layout, Packing.dump(Frame.core(payload, at, state)), layout && Packing.dump(Sections.values(payload)),
          buckets && Packing.dump(buckets), packer.classes(payload), packer.spans(payload), packer.allocation_sites(payload),
          packer.retained_sites(payload)
        )
      end

      def insert(model, columns, rows)
        Connection.with { |connection| connection.transaction { Rows.for(connection).insert(model, columns, rows) } }
      end
    end
  end
end
