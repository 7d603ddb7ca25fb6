# frozen_string_literal: true

require_relative "../../ui_helper"

RSpec.describe HeapPeriscopeUi::Store do
  shared_examples "a store" do
    let(:store) { HeapPeriscopeUi.store }
    let(:start) { 1_800_000_000_000 }
    let(:members) { SampleData.members }
    let(:member) { members.first }
    let(:process_row) { HeapPeriscopeUi::ObservedProcess.find_by!(instance: member.instance) }

    def write(second, message)
      store.write(message, received_at: start + (second * 1000))
    end

    def snapshots(member, seconds, step: 10)
      0.step(seconds - step, step) { |second| write(second, SampleData.snapshot(member, second, start + (second * 1000))) }
    end

    # Runs the housekeeping as if the time were then.
    def keep_house(now_ms)
      housekeeper = HeapPeriscopeUi::Store::Housekeeper.new(store)
      200.times { |i| (now_ms + (i * 1_001)).then { |at| housekeeper.step(now_ms: at, clock_ms: at) } }
    ensure
      housekeeper.release
    end

    it "gives back what a snapshot said" do
      message = SampleData.snapshot(member, 10, start)
      write(0, message)
      moment = HeapPeriscopeUi::MomentQuery.new(process_row).call

      expect(moment[:at]).to eq(start)
      expect(moment[:sections]["gc_stats"]).to eq(message["payload"]["gc_stats"])
      expect(moment[:sections]["object_space_summary"]).to eq(message["payload"]["object_space_summary"])
      expect(moment[:sections]["agent_cost"]).to eq(message["payload"]["agent_cost"].except("census").merge("core_share" => 0.003))
      expect(moment[:sections]["heap_pools"]["40.live_slots"]).to eq(message["payload"]["heap_pools"][0]["live_slots"])
      expect(moment[:metrics]).to include("rss_bytes" => message["payload"]["process_memory"]["rss_bytes"], "pause_p99_ms" => 41.0,
                                          "agent_core_share" => 0.0031)
      expect(process_row).to have_attributes(service_name: "shop-web", host: "web-1", process_id: 41_209, ruby: "3.4.9", received: 1)
    end

    it "gives back classes with kind, count and bytes" do
      message = SampleData.snapshot(member, 10, start)
      write(0, message)
      classes = HeapPeriscopeUi::ClassesQuery.new(process_row).call[:classes]

      expect(classes.to_h { |row| [row[:name], row.values_at(:kind, :count, :bytes)] }).to eq(
        message["payload"]["living_objects_by_class"].transform_values do |entry|
          [entry["is_platform_class"] ? "platform" : "application", entry["count"], entry["bytes"]]
        end
      )
    end

    it "works rates out from one snapshot to the next" do
      snapshots(member, 30)
      expect(process_row.metrics).to include("allocation_rate" => 412_000.0, "gc_per_minute" => 126.0,
                                             "gc_share" => be_within(0.0001).of(0.01282))
    end

    it "counts a gap in the sequence as loss, and takes it back when the report comes late" do
      messages = Array.new(5) { |i| SampleData.snapshot(member, i * 10, start + (i * 10_000)) }
      [0, 1, 4].each { |i| write(i * 10, messages[i]) }
      expect(process_row.lost).to eq(2)
      expect(HeapPeriscopeUi::EventsQuery.new(process_row, kinds: ["lost"]).call[:events]).to match([include(n: 2, sequence: 5)])

      write(41, messages[2])
      expect(process_row.reload.lost).to eq(1)
      write(42, messages[2])
      expect(process_row.reload.lost).to eq(1)
    end

    it "goes on counting where it was after a restart" do
      messages = Array.new(3) { |i| SampleData.snapshot(member, i * 10, start + (i * 10_000)) }
      write(0, messages[0])
      store.reset
      write(20, messages[2])
      expect(process_row).to have_attributes(lost: 1, received: 2)
    end

    it "takes messages of agents 0.3.0 as they are" do
      report = { "type" => "gc_profiler_report", "process_id" => 77, "service_name" => "Rails", "reported_at" => "2027-01-15T08:00:05Z",
                 "payload" => { "gc_duration_since_last_check_ms" => 12.5, "latest_gc_info" => { "major_by" => nil, "gc_by" => "newobj" } } }
      snapshot = { "type" => "snapshot", "process_id" => 77, "service_name" => "Rails", "reported_at" => "2027-01-15T08:00:10Z",
                   "payload" => { "gc_stats" => { "count" => 3, "heap_live_slots" => 1000 }, "object_space_summary" => { "TOTAL" => 2000, "FREE" => 5 },
                                  "living_objects_by_class" => { "String" => { "count" => 7, "is_platform_class" => true } },
                                  "living_objects_by_spans" => { "controller" => [{ "name" => "A#b", "live_objects" => [
                                    { "name" => "String", "type" => "native", "count" => 2, "size" => "0.10 KB" }
                                  ] }] } } }
      store.write([report, snapshot], received_at: start + 10_000)
      row = HeapPeriscopeUi::ObservedProcess.find_by!(process_id: 77)

      expect(row.metrics).to include("heap_live_slots" => 1000, "heap_total_slots" => 2000, "pause_total_ms" => 12.5)
      expect(HeapPeriscopeUi::ClassesQuery.new(row).call[:classes]).to match([include(name: "String", count: 7, bytes: nil)])
      range = HeapPeriscopeUi::TimeRange.new(start, start + 60_000)
      expect(HeapPeriscopeUi::SpanQuery.new([row], range, type: "controller", name: "A#b").call)
        .to include(live_objects: [include(name: "String", count: 2)], summary: include(calls: 1))
    end

    it "does not believe a clock that is far off" do
      write(0, SampleData.snapshot(member, 0, start + 86_400_000))
      expect(HeapPeriscopeUi::Sample.pick(:at)).to eq(start)
    end

    it "keeps a suspect from its first to its last report" do
      write(0, SampleData.snapshot(member, 1_210, start))
      write(10, SampleData.snapshot(member, 1_220, start + 10_000))
      query = HeapPeriscopeUi::SuspectsQuery.new(now: start + 20_000)
      expect(query.call[:suspects]).to match([include(class_name: "LineItem", confidence: "high", objects_per_hour: 12_384.0,
                                                      sites: include(include(path: "app/models/cart.rb", line: 41)))])

      write(20, SampleData.snapshot(member, 0, start + 20_000))
      after = HeapPeriscopeUi::SuspectsQuery.new(now: start + 30_000).call
      expect(after).to include(suspects: [], cleared: [include(class_name: "LineItem", ended_at: start + 20_000)])
    end

    it "sums allocation sites over a range and gives the newest retained sites" do
      snapshots(member, 60)
      range = HeapPeriscopeUi::TimeRange.new(start, start + 60_000)
      allocated = HeapPeriscopeUi::SitesQuery.new("allocation", [process_row], range).call[:sites].first
      retained = HeapPeriscopeUi::SitesQuery.new("retained", [process_row], range).call[:sites].first

      expect(allocated).to include(class_name: "Hash", path: "app/models/cart.rb", line: 41, method: "Cart#add", objects: 6 * 12_400)
      expect(retained).to include(class_name: "LineItem", objects: 1_172, bytes: 1_172 * 256, ages: include(young: 58))
    end

    it "keeps sites that name no file apart from those that do" do
      report = SampleData.snapshot(member, 0, start)
      with_file = SampleData.site("String", "x.rb", 0, "String#chars", 5)
      report["payload"]["allocation_sites"] = [with_file, with_file.except("path", "line"), with_file.except("path", "line", "method", "stack")]
      write(0, report)
      range = HeapPeriscopeUi::TimeRange.new(start - 1, start + 1)
      rows = HeapPeriscopeUi::SitesQuery.new("allocation", [process_row], range).call[:sites]
      expect(rows.map { |row| row.values_at(:path, :line, :method) })
        .to contain_exactly(["x.rb", 0, "String#chars"], [nil, nil, "String#chars"], [nil, nil, nil])
    end

    it "rolls up minutes, ten minutes and services without losing calls, pauses or extremes" do
      two = members.first(2)
      0.step(1_190, 10) { |second| write(second, two.map { |one| SampleData.snapshot(one, second, start + (second * 1000)) }) }
      range = HeapPeriscopeUi::TimeRange.new(start, start + 1_200_000)
      before = [HeapPeriscopeUi::SpansQuery.new([process_row], range).call[:calls],
                HeapPeriscopeUi::PausesQuery.new(process_row, range).call]
      keep_house(start + 1_300_000)
      service = HeapPeriscopeUi::ObservedService.find_by!(service_name: "shop-web")

      expect(HeapPeriscopeUi::MinuteSample.where(process_id: process_row.id).count).to eq(20)
      expect(HeapPeriscopeUi::TenMinuteSample.where(process_id: [process_row.id, service.id]).count).to eq(4)
      minutes = rows(process_row, range, HeapPeriscopeUi::Levels::TEN_MINUTES)
      expect(minutes.sum(&:reports)).to eq(120)
      expect(calls(minutes)).to eq(before[0])
      expect(calls(rows(service, range, HeapPeriscopeUi::Levels::MINUTE))).to eq(before[0] * 2)
      expect(minutes.sum { |row| row.metric(HeapPeriscopeUi::Metrics::INDEX["pause_count"]) }).to eq(before[1][:count])
      raw = HeapPeriscopeUi::SeriesQuery.new(process_row, range, ["rss_bytes"]).call[:series]["rss_bytes"].map(&:last)
      bands = minutes.map { |row| row.band(HeapPeriscopeUi::Metrics::INDEX["rss_bytes"]) }
      expect([bands.map(&:first).min, bands.map(&:last).max]).to eq(raw.minmax)
      expect(HeapPeriscopeUi::Trend.load(process_row.reload.trend).first.size).to eq(20)
    end

    def rows(subject, range, level)
      HeapPeriscopeUi::SampleRows.new(subject, range, columns: HeapPeriscopeUi::SampleRows::COLUMNS, level: level).call.to_a
    end

    def calls(rows)
      rows.sum { |row| HeapPeriscopeUi::Packing.load_spans(row.spans).sum { |span| span[2] } }
    end

    it "shows what is not rolled up yet from the finer levels" do
      snapshots(member, 1_200)
      keep_house(start + 700_000)
      range = HeapPeriscopeUi::TimeRange.new(start - 86_400_000, start + 1_200_000)
      series = HeapPeriscopeUi::SeriesQuery.new(process_row, range, ["rss_bytes"]).call
      expect(series[:step_ms]).to be_positive
      expect(series[:series]["rss_bytes"].last.first).to eq(start + 1_190_000)
    end

    it "is done again after an interruption without counting twice" do
      snapshots(member, 180)
      keep_house(start + 240_000)
      HeapPeriscopeUi::Meta.where(key: "rolled_1").update_all(at: start - (start % 60_000))
      keep_house(start + 240_000)
      range = HeapPeriscopeUi::TimeRange.new(start, start + 180_000)
      expect(rows(process_row, range, HeapPeriscopeUi::Levels::MINUTE).select { |row| row.width == 3 }.sum(&:reports)).to eq(18)
    end

    it "removes what is older than it is kept, and nothing else" do
      snapshots(member, 60)
      write(60, SampleData.gc_report(member, start + 60_000))
      keep_house(start + (25 * 3_600_000))
      expect([HeapPeriscopeUi::Sample.count, HeapPeriscopeUi::Event.count, HeapPeriscopeUi::SpanCensus.count]).to eq([0, 0, 0])
      expect(HeapPeriscopeUi::MinuteSample.count).to be_positive

      keep_house(start + (8 * 86_400_000))
      expect([HeapPeriscopeUi::MinuteSample.where(process_id: process_row.id).count,
              HeapPeriscopeUi::TenMinuteSample.count.positive?]).to eq([0, true])
      keep_house(start + (93 * 86_400_000))
      expect([HeapPeriscopeUi::ObservedProcess.count,
              HeapPeriscopeUi::TenMinuteSample.where(process_id: process_row_id).count]).to eq([0, 0])
      expect(HeapPeriscopeUi::Name.count).to eq(0)
    end

    def process_row_id
      @process_row_id ||= 1
    end

    it "hides a deleted process at once, removes its rows, and takes it for a new one when it reports again" do
      snapshots(member, 60)
      id = process_row.id
      HeapPeriscopeUi::Store::Deletion.mark(HeapPeriscopeUi::ObservedProcess.where(id: id))
      expect(HeapPeriscopeUi::OverviewQuery.new(now: start + 60_000).processes).to be_empty

      keep_house(start + 60_000)
      expect(HeapPeriscopeUi::ObservedProcess.unscoped.where(id: id)).to be_empty
      expect(HeapPeriscopeUi::Sample.where(process_id: id)).to be_empty
      write(70, SampleData.snapshot(member, 70, start + 70_000))
      expect(HeapPeriscopeUi::OverviewQuery.new(now: start + 71_000).processes).to match([include(instance: member.instance)])
    end

    it "lets one of several collectors keep house, and another when the first is gone" do
      one, two = Array.new(2) { HeapPeriscopeUi::Store::Lease.new }
      expect([one.held?(start), two.held?(start)]).to eq([true, false])
      expect([one.held?(start + 20_000), two.held?(start + 40_000)]).to eq([true, false])
      expect([two.held?(start + 60_000), one.held?(start + 61_000)]).to eq([true, false])
    end

    it "keeps a bounded number of names" do
      HeapPeriscopeUi.configuration.names_limit = 50
      store.reset
      message = SampleData.snapshot(member, 0, start)
      message["payload"]["living_objects_by_class"] = Array.new(500) do |i|
        ["Evil#{i}", { "count" => i, "is_platform_class" => false }]
      end.to_h
      write(0, message)
      expect(HeapPeriscopeUi::Name.count).to be <= 51
      expect(store.notices.to_h[:names_over_limit]).to be >= 450
      expect(HeapPeriscopeUi::ClassesQuery.new(process_row).call[:classes].map { |row| row[:name] }).to include("(too many names)")
    end

    it "takes names with any text in them" do
      hostile = ["<script>alert(1)</script>", "a\u0000b", "'; DROP TABLE x; --", "ünïcödé 😀", "\u202eright", "a" * 1_024]
      message = SampleData.snapshot(member, 0, start)
      message["payload"]["living_objects_by_class"] = hostile.to_h { |name| [name, { "count" => 1, "is_platform_class" => false }] }
      write(0, message)
      names = HeapPeriscopeUi::ClassesQuery.new(process_row).call[:classes].map { |row| row[:name] }
      expect(names).to match_array(hostile.map { |name| name.delete("\u0000") })
    end

    it "reads no more than 2 000 rows for a chart" do
      rows = Array.new(3_000) { |i| { process_id: 1, at: start + (i * 1000), core: HeapPeriscopeUi::Packing.dump([i]) } }
      write(0, SampleData.snapshot(member, 0, start))
      rows.each_slice(500) { |slice| HeapPeriscopeUi::Sample.insert_all(slice.map { |row| row.merge(process_id: process_row.id) }) }
      range = HeapPeriscopeUi::TimeRange.new(start - 1, start + 3_000_000)
      expect(HeapPeriscopeUi::SampleRows.new(process_row, range, columns: [:core],
                                                                 level: HeapPeriscopeUi::Levels::RAW).call.size).to be <= 2_001
    end
  end

  context "with SQLite", store: :sqlite do
    it_behaves_like "a store"
  end

  context "with PostgreSQL", store: :postgresql do
    it_behaves_like "a store"
  end
end
