# frozen_string_literal: true

module HeapPeriscopeUi
  class Store
    # Makes rows of a coarser level from the one before: for every bucket of time that is over, every process, then every service.
    # One step is one process in one bucket. A bucket that was interrupted is done again; writing a row twice changes nothing.
    #
    # The mark of a level is where its rows end. It follows what is stored, never the clock alone: a clock that is ahead for a moment
    # would leave out all that comes until that time. Where a mark lies in the future all the same, it is taken back to the present.
    class Rollup
      # A report may be this late: {Batch::CLOCK_LIMIT_MS} and the way through the queue.
      GRACE_MS = 45_000
      COLUMNS = Batch::SAMPLE_COLUMNS
      SOURCE_LIMIT = 20_000
      # How long a level is left alone once nothing was found to do, though processes are heard of.
      REST_MS = 10_000

      def initialize
        reset
      end

      # Unix ms up to which a level is complete.
      # @return [Integer, nil] nil before the first bucket
      def self.mark(level)
        Meta.where(key: "rolled_#{level.index}").pick(:at)
      end

      # @param clock_ms [Numeric] of a clock that nobody sets
      # @return [Boolean] whether there was something to do
      def step(now_ms, clock_ms = now_ms)
        @clock_ms = clock_ms
        @work = plan(now_ms) if @work.empty?
        job = @work.shift or return false
        job.call
        true
      end

      # Forgets what it knows, as when another collector kept house meanwhile.
      def reset
        @marks = {}
        @work = []
        @rest_until = {}
      end

      # Writes the rows of one bucket; also used for seeding.
      # @param entries [Array<Array>] `[subject id, Merge::Row]`
      def self.write(level, at, entries)
        return if entries.empty?

        rows = entries.map { |id, row| COLUMNS.zip([id, at, *row.to_a]).to_h }
        rows.each_slice(200) { |slice| Sample.at_level(level).upsert_all(slice, unique_by: %i[process_id at]) }
      end

      private

      def plan(now_ms)
        Levels::ROLLUPS.each do |level|
          mark = mark(level, now_ms)
          bucket_end = mark + level.step_ms
          next if bucket_end + GRACE_MS > now_ms || resting?(level, mark)
          next if level.index > 1 && complete_to(Levels::ALL[level.index - 1], now_ms) < bucket_end

          return jobs(level, mark, now_ms)
        end
        []
      end

      def mark(level, now_ms)
        mark = @marks[level.index] ||= self.class.mark(level) || beginning(level, now_ms)
        mark > now_ms ? set_mark(level, now_ms - (now_ms % level.step_ms)) : mark
      end

      # Nothing to do at a level until something new is stored.
      def resting?(level, mark)
        return true if @clock_ms < (@rest_until[level.index] || 0)

        !ObservedProcess.kept.exists?(last_seen_at: mark..)
      end

      # A level at rest has all there is.
      def complete_to(level, now_ms)
        mark = mark(level, now_ms)
        resting?(level, mark) ? [mark, now_ms - GRACE_MS].max : mark
      end

      def set_mark(level, at)
        Meta.upsert_all([{ key: "rolled_#{level.index}", value: nil, at: at }], unique_by: :key)
        @marks[level.index] = at
      end

      # Where nothing was ever rolled up: the first thing there is.
      def beginning(level, now_ms)
        first = ObservedProcess.minimum(:first_seen_at) || now_ms
        [first - Batch::CLOCK_LIMIT_MS, now_ms - Levels.kept_ms(level)].max.then { |at| at - (at % level.step_ms) }
      end

      def jobs(level, at, now_ms)
        ids = subjects(at, level)
        rows = {}
        # All processes of a bucket take their turn, then their services, then the bucket is closed.
        jobs = ids.map { |id, service| -> { merge(level, at, id, service, rows) } }
        jobs << -> { services(level, at, rows) }
        jobs << -> { close(level, at, rows, now_ms) }
      end

      # @return [Array<Array>] id and service of processes that may have reported then
      def subjects(at, level)
        ObservedProcess.kept.where("last_seen_at >= ? AND first_seen_at < ?", at - GRACE_MS, at + level.step_ms + GRACE_MS).pluck(
          :id, :service_name
        )
      end

      def merge(level, at, id, service, rows)
        source = Levels::ALL[level.index - 1]
        found = Sample.at_level(source).where(process_id: id,
                                              at: at...(at + level.step_ms)).order(:at).limit(SOURCE_LIMIT)
                      .pluck(*COLUMNS.drop(2)).map do |values|
          Merge::Row.new(*values)
        end
        return if found.empty?

        row = Merge.over_time(found, width: source.step_ms.zero? ? 1 : 3)
        row.layout_id, row.details = details(level, at, id)
        self.class.write(level, at, [[id, row]])
        rows[id] = [service, row]
      end

      # GC.stat and the like are kept from ten minutes up: the newest of what arrived, or of the level before.
      def details(level, at, id)
        return if level.index == 1

        source = level.index == 2 ? Sample : TenMinuteSample
        source.where(process_id: id, at: at...(at + level.step_ms)).where.not(details: nil).order(at: :desc).limit(1).pick(:layout_id,
                                                                                                                           :details)
      end

      def services(level, at, rows)
        rows.values.group_by(&:first).each do |name, members|
          id = service_id(name, at)
          self.class.write(level, at, [[id, Merge.over_processes(members.map(&:last))]])
          ObservedService.where(id: id).update_all(last_seen_at: at + level.step_ms)
        end
      end

      def service_id(name, at)
        instance = "service:#{Digest::SHA256.hexdigest(name)}"
        ObservedService.where(instance: instance).pick(:id) || begin
          row = { kind: 1, service_name: name, host: "", process_id: 0, instance: instance, first_seen_at: at,
                  last_seen_at: at }
          ObservedService.insert_all([row], unique_by: :instance)
          ObservedService.where(instance: instance).pick(:id)
        end
      end

      def close(level, at, rows, now_ms)
        trends(rows) if level.index == 1
        following = rows.empty? ? skip(level, at, now_ms) : at + level.step_ms
        following ? set_mark(level, following) : rest(level)
      end

      # Over a time without reports in one go.
      # @return [Integer, nil] nil where nothing follows yet
      def skip(level, at, now_ms)
        source = Levels::ALL[level.index - 1]
        ids = ObservedProcess.kept.where("last_seen_at >= ?", at).ids
        first = ids.filter_map do |id|
          Sample.at_level(source).where(process_id: id, at: (at + level.step_ms)..now_ms).minimum(:at)
        end.min
        first && (first - (first % level.step_ms))
      end

      def rest(level)
        @rest_until[level.index] = @clock_ms + REST_MS
      end

      def trends(rows)
        live, rss = %w[heap_live_slots rss_bytes].map { |name| Metrics::INDEX.fetch(name) * 3 }
        ObservedProcess.where(id: rows.keys).pluck(:id, :trend).each do |id, trend|
          values = Packing.load(rows[id].last.core)
          points = Trend.load(trend).transpose << [values[live], values[rss]]
          ObservedProcess.where(id: id).update_all(trend: Trend.dump(points))
        end
      end
    end
  end
end
