# frozen_string_literal: true

require_relative "../../ui/spec/support/sample_data"

module Bench
  # Days of reports of many processes, written through the store's bulk and rollup code, as retention would have left them by now. Every
  # process has an hour of reports of its own, 360 different ones; the other hours repeat it, so each row is packed and rolled up once
  # and written as often as time asks for.
  class Past
    include HeapPeriscopeUi

    STEP_MS = 10_000
    HOUR = 360
    SAMPLED = 10
    SLICE = 20_000

    attr_reader :reports

    def initialize(processes:, days:, now: Timestamps.now)
      @now = now - (now % Levels::TWO_HOURS.step_ms)
      @first = @now - (days * 86_400_000)
      @store = HeapPeriscopeUi.store
      @bulk = Store::Bulk.new(@store)
      @members = SampleData.members(processes)
      @reports = processes * days * 8_640
    end

    def write
      prepare
      Levels::ALL.each { |level| write_level(level) }
      write_events
      @bulk.complete(Levels::ROLLUPS.to_h { |level| [level, @now] })
      finish
    end

    private

    def prepare
      @ids = []
      @rows = Levels::ALL.to_h { |level| [level, []] }
      @members.each_with_index { |member, index| prepare_process(member, index) }
      prepare_services
    end

    def prepare_process(member, index)
      member.detailed = index < SAMPLED
      messages = Array.new(HOUR) { |i| SampleData.snapshot(member, i * 10, @now - 3_600_000 + (i * STEP_MS)) }
      @ids << @bulk.process(messages.first, @first, @now)
      source = @rows[Levels::RAW][index] = @bulk.rows(messages)
      newest = source.last
      @store.write(messages.last, received_at: @now) # what the process says now
      { Levels::MINUTE => 6, Levels::TEN_MINUTES => 10, Levels::TWO_HOURS => 6 }.each do |level, size|
        source = @rows[level][index] = source.each_slice(size).map { |slice| @bulk.rolled_up(level == Levels::TWO_HOURS ? slice * 2 : slice, level, newest) }
      end
    end

    def prepare_services
      @members.each_index.group_by { |index| @members[index].service }.each do |name, indexes|
        row = { kind: 1, service_name: name, host: "", process_id: 0, instance: "service:#{Digest::SHA256.hexdigest(name)}",
                first_seen_at: @first, last_seen_at: @now }
        @ids << ObservedService.create!(row).id
        Levels::ROLLUPS.each do |level|
          members = indexes.map { |index| @rows[level][index] }
          @rows[level] << members.first.each_index.map { |at| Store::Merge.over_processes(members.map { |rows| rows[at] }) }
        end
      end
    end

    def write_level(level)
      step = level.step_ms.zero? ? STEP_MS : level.step_ms
      from = [@first, @now - Levels.kept_ms(level)].max
      entries = []
      (from...@now).step(step).each_with_index do |at, position|
        @rows[level].each_with_index { |rows, index| entries << [@ids[index], at, rows[position % rows.size]] }
        entries = flush(level, entries) if entries.size >= SLICE
      end
      flush(level, entries)
    end

    def flush(level, entries)
      @bulk.write(level, entries)
      []
    end

    def write_events
      entries = []
      ([@first, @now - 86_400_000].max...@now).step(STEP_MS).each_with_index do |at, position|
        @members.each_index do |index|
          entries << [@ids[index], at, :snapshot, { "sequence" => position, "parts" => 1, "bytes" => 3_000 }]
          entries << [@ids[index], at + 500, :gc, { "n" => 2, "ms" => 6.1, "pauses" => [4.1, 2.0], "by" => "newobj" }]
        end
        next if entries.size < SLICE

        @bulk.write_events(entries)
        entries = []
      end
      @bulk.write_events(entries)
    end

    def finish
      live, rss = %w[heap_live_slots rss_bytes].map { |name| Metrics::INDEX.fetch(name) * 3 }
      @members.each_index do |index|
        points = @rows[Levels::MINUTE][index].map { |row| Packing.load(row.core).values_at(live, rss) }
        ObservedProcess.where(id: @ids[index]).update_all(trend: Trend.dump(points), last_seen_at: Timestamps.now)
      end
    end
  end
end
