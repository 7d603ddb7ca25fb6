# frozen_string_literal: true

module HeapPeriscopeUi
  class Store
    # Removes what is older than it is kept, a slice at a time.
    class Retention
      EVERY_MS = 600_000
      SLICE = Deletion::SLICE
      DAY_MS = 86_400_000

      # @param store [Store, nil] whose caches forget what has gone
      def initialize(config = HeapPeriscopeUi.configuration, store: nil)
        @retention = config.retention
        @store = store
        @work = []
        @due_at = -Float::INFINITY
        @removed = 0
      end

      # @param clock_ms [Numeric] of a clock that nobody sets
      # @return [Boolean] whether there was something to do
      def step(connection, now_ms, clock_ms)
        if @work.empty?
          return false if clock_ms < @due_at

          @due_at = clock_ms + EVERY_MS
          @removed = 0
          @work = plan(now_ms)
        end
        removed = @work.first.call(connection)
        @removed += removed
        finish_job(now_ms) if removed < SLICE
        true
      end

      private

      def finish_job(now_ms)
        @work.shift
        return if @work.any?

        Meta.upsert_all([{ key: "retention", value: JSON.generate(rows: @removed), at: now_ms }], unique_by: :key)
      end

      def plan(now_ms)
        by_process = ObservedProcess.unscoped.where(deleted_at: nil).pluck(:id, :first_seen_at).flat_map do |id, first|
          process_jobs(id, first, now_ms)
        end
        by_process + [*findings(now_ms), *texts(now_ms), method(:purge_deleted), *layouts]
      end

      def process_jobs(id, first_seen_at, now_ms)
        tables = Levels::ALL.to_h { |level| [level.table, Levels.kept_ms(level, @retention)] }
        raw = Levels.kept_ms(Levels::RAW, @retention)
        tables = tables.merge(Event.table_name => raw, SpanCensus.table_name => raw)
        tables.filter_map do |table, kept|
          before = now_ms - kept
          next if first_seen_at > before + 60_000

          ->(connection) { Deletion.delete_slice(connection, table, "process_id = #{id} AND at < #{before}", SLICE) }
        end
      end

      def findings(now_ms)
        kept = (@retention[:ten_minutes] * 1000).to_i
        week = now_ms - (7 * DAY_MS)
        { LeakSuspect => "last_seen_at < #{now_ms - kept}", CollectorMinute => "at < #{week}",
          CollectorRecord => "seen_at < #{week}" }.map do |model, condition|
          ->(connection) { Deletion.delete_slice(connection, model.table_name, condition, SLICE) }
        end << ->(_connection) { gone(now_ms - kept) }
      end

      # Processes of which nothing is kept any more.
      def gone(before)
        ObservedProcess.unscoped.where("last_seen_at < ?",
                                       before).where(deleted_at: nil).limit(SLICE - 1).update_all(deleted_at: before)
      end

      # Names and sites are touched every day they are used.
      def texts(now_ms)
        day = (now_ms - (@retention[:ten_minutes] * 1000).to_i - (2 * DAY_MS)) / DAY_MS
        [Site, Name].map do |model|
          lambda { |connection|
            Deletion.delete_slice(connection, model.table_name, "used_on < #{day.to_i}", SLICE)
          }
        end
      end

      def layouts
        LayoutSweep.due? ? [LayoutSweep.new(SLICE, @store).method(:call)] : []
      end

      def purge_deleted(connection)
        Deletion.purge(connection, slice: SLICE).positive? ? SLICE : 0
      end
    end
  end
end
