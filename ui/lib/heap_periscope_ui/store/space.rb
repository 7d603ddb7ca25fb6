# frozen_string_literal: true

module HeapPeriscopeUi
  class Store
    # Keeps the database within `database_limit_bytes`: once it is nearly full, the oldest part of everything goes, a slice at a time,
    # and of what carries no time (sites, names) what was not used for longest.
    class Space
      EVERY_MS = 5_000
      SLICE = 1_000
      # Shares of the limit: from where something goes, and to where.
      FULL = 0.9
      TARGET = 0.75
      # A process that has not reported for so long may go.
      SILENT_MS = 3_600_000
      # A database that holds little else than what cannot go is not looked at again for as long.
      REST_MS = 300_000
      TIMED = [*Levels::ALL.map(&:table), "heap_periscope_ui_events", "heap_periscope_ui_span_censuses"].freeze

      # @param store [Store] whose caches forget what has gone
      def initialize(store, config = HeapPeriscopeUi.configuration)
        @store = store
        @config = config
        @work = []
        @due_at = -Float::INFINITY
      end

      # @param clock_ms [Numeric] of a clock that nobody sets
      # @return [Boolean] whether there was something to do
      def step(connection, now_ms, clock_ms)
        return slice(connection, now_ms, clock_ms) if @work.any?
        return false if clock_ms < @due_at || @config.database_limit_bytes.nil?

        @due_at = clock_ms + EVERY_MS
        @used = UsedBytes.of(connection)
        return false if @used < FULL * @config.database_limit_bytes

        begin_trimming(connection, now_ms)
        true
      end

      private

      def begin_trimming(connection, now_ms)
        share = 1 - (TARGET * @config.database_limit_bytes / @used.to_f)
        @removed = 0
        @work = TIMED.filter_map { |table| oldest(connection, table, share) } +
                [suspects(now_ms), processes(share, now_ms), ->(one) { Deletion.purge(one, slice: SLICE) }, *texts(share, now_ms)]
      end

      def slice(connection, now_ms, clock_ms)
        removed = @work.first.call(connection)
        @removed += removed
        @work.shift if removed < SLICE
        finish(connection, now_ms, clock_ms) if @work.empty?
        true
      end

      # Ids only grow: a share of their range is the oldest rows.
      def oldest(connection, table, share)
        least, greatest = connection.select_rows("SELECT MIN(id), MAX(id) FROM #{table}").first
        return unless least

        limit = least.to_i + ((greatest.to_i - least.to_i + 1) * share).ceil
        ->(one) { Deletion.delete_slice(one, table, "id < #{limit}", SLICE) }
      end

      def suspects(now_ms)
        before = now_ms - SILENT_MS
        ->(one) { Deletion.delete_slice(one, LeakSuspect.table_name, "ended_at IS NOT NULL AND ended_at < #{before}", SLICE) }
      end

      # Hidden at once; what is left of their rows goes as what the page deletes does.
      def processes(share, now_ms)
        rest = (ObservedProcess.kept.count * share).ceil
        lambda do |_connection|
          ids = ObservedProcess.kept.where("last_seen_at < ?", now_ms - SILENT_MS).order(:last_seen_at).limit([SLICE, rest].min).ids
          rest -= ids.size
          rest.negative? || ids.empty? ? 0 : Deletion.mark(ObservedProcess.where(id: ids), now_ms)
        end
      end

      # Sites of today go too: a sender may make up so many. Names do not, since they are few (`names_limit`).
      def texts(share, now_ms)
        today = now_ms / Sites::DAY_MS
        [[Site, "used_on <= #{today}"], [Name, "used_on < #{today}"]].map do |model, condition|
          rest = (model.count * share).ceil
          lambda do |_connection|
            ids = model.where(condition).order(:used_on, :id).limit([SLICE, rest].min).ids
            rest -= ids.size
            model.where(id: ids).delete_all
          end
        end
      end

      def finish(connection, now_ms, clock_ms)
        @store.reset
        # PostgreSQL tells what is left a second later only.
        bytes = [@used - UsedBytes.of(connection), 0].max
        @due_at = clock_ms + (@removed.zero? ? REST_MS : EVERY_MS)
        Meta.upsert_all([{ key: "trimmed", value: JSON.generate(rows: @removed, bytes: bytes), at: now_ms }], unique_by: :key)
      end
    end
  end
end
