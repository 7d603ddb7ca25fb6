# frozen_string_literal: true

module HeapPeriscopeUi
  # Is everything that agents send arriving, checked and stored?
  class StatusQuery
    # A collector writes its row every second; one that has not for this long is presumed gone.
    ALIVE_MS = 10_000
    SHOWN_MS = 86_400_000
    # What one process lost, at most: the sum over all of an old database must stay a number that it can hold.
    MOST_LOST = 1_000_000_000
    LOST = Arel.sql("CASE WHEN lost > #{MOST_LOST} THEN #{MOST_LOST} ELSE lost END")

    def initialize(range: nil, now: Timestamps.now)
      @now = now
      @range = range || TimeRange.new(now - 3_600_000, now, preset: "1h")
    end

    # @return [Hash] {at:, collectors: [collector], received:, stored:, refused:, dropped: of all collectors since they started, lost: reports missing by
    #   sequence, lost_by_process: [{id:, service_name:, process_id:, host:, lost:, received:}], reasons: [{reason:, meaning:, count: in the range,
    #   last_at: or nil}], series: {"received" => [[unix_ms, a second], …], "refused" => …}, database: database, rollup: {at:, ms:} or nil,
    #   retention: {at:, rows:} or nil, processes: Integer}
    #   collector = {id:, host:, pid:, state: "collecting"|"standing by"|"cannot write"|"refused", alive: Boolean, started_at:, seen_at:, address: [String], received:, stored:,
    #   refused: {reason => n}, refused_total:, parts_lost:, kernel_dropped: or nil (not known on this system), queue_dropped:, queue:, queue_limit:, queue_highest:,
    #   failed: datagrams that could not be stored, divided: batches of which the database did not take something, errors:, last_error:,
    #   last_error_at:, failing_since: nil unless nothing can be written now, notices: {of Store::Notices => n},
    #   write_ms_p95:, batch_rows:, receive_buffer_asked:, receive_buffer_granted:, signed: Boolean, per_second: Float, version:}
    #   database = {adapter:, name:, bytes:, levels: [{name:, kept_s:, rows:, bytes: or nil, oldest_at:}]}
    def call
      list = collectors
      { at: @now, collectors: list, **totals(list), lost: ObservedProcess.kept.sum(LOST), lost_by_process: lost_by_process,
        reasons: reasons, series: series, database: DatabaseSize.call, rollup: meta("rollup"), retention: meta("retention"),
        processes: ObservedProcess.kept.count }
    end

    private

    def collectors
      rows = CollectorRecord.where("seen_at > ?", @now - SHOWN_MS).order(seen_at: :desc)
      here = Collector.here
      list = stored_collectors(rows)
      # Of itself this process knows more, and knows it also while nothing can be written.
      own = here && list.find { |row| row.values_at(:host, :pid) == here.values_at(:host, :pid) }
      own&.merge!(here, alive: true, seen_at: @now)
      list.unshift({ id: nil, alive: true, started_at: @now, seen_at: @now, **here }) if here && !own
      list
    end

    def stored_collectors(rows)
      rows.map do |row|
        { id: row.id, host: row.host, pid: row.pid, state: row.state, alive: (@now - row.seen_at).abs < ALIVE_MS, started_at: row.started_at, seen_at: row.seen_at,
          **JSON.parse(row.counters || "{}", symbolize_names: true) }
      end
    end

    def totals(list)
      { received: sum(list, :received), stored: sum(list, :stored), refused: sum(list, :refused_total),
        dropped: sum(list, :queue_dropped) + sum(list, :kernel_dropped) }
    end

    def sum(list, key)
      list.sum { |collector| collector[key] || 0 }
    end

    def lost_by_process
      ObservedProcess.kept.where("lost > 0").order(lost: :desc).limit(20)
                     .pluck(:id, :service_name, :process_id, :host, :lost, :received)
                     .map { |row| %i[id service_name process_id host lost received].zip(row).to_h }
    end

    def minutes
      @minutes ||= CollectorMinute.where(at: (@range.from - 60_000)..@range.to).order(:at).limit(Levels::POINTS * 4)
                                  .pluck(:at, :received, :refused, :reasons)
    end

    def reasons
      counts = Hash.new(0)
      last = {}
      minutes.each do |at, _, _, json|
        JSON.parse(json || "{}").each do |reason, (count, seen)|
          counts[reason] += count
          last[reason] = [last[reason], seen || at].compact.max
        end
      end
      Collector::Refusals::MEANINGS.map { |reason, meaning| { reason: reason, meaning: meaning, count: counts[reason], last_at: last[reason] } }
                                   .sort_by { |row| -row[:count] }
    end

    def series
      groups = minutes.group_by(&:first).sort
      { "received" => groups.map do |at, rows|
        [at, rows.sum do |row|
          row[1]
        end / 60.0]
      end, "refused" => groups.map do |at, rows|
             [at, rows.sum do |row|
               row[2]
             end / 60.0]
           end }
    end

    def meta(key)
      row = Meta.find_by(key: key)
      row && { at: row.at, **JSON.parse(row.value || "{}", symbolize_names: true) }
    end
  end
end
