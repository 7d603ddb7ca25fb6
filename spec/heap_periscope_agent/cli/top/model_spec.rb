# frozen_string_literal: true

require "heap_periscope_agent/cli/top"
require_relative "../../../support/reports"

RSpec.describe HeapPeriscopeAgent::CLI::Top::Model do
  include Reports

  subject(:model) { described_class.new }

  let(:start) { Time.at(1_700_000_000) }

  def take(document, after: 0, from: "127.0.0.1:5000")
    model.receive(HeapPeriscopeAgent::CLI::Datagram.new(received(document), received_at: start + after, from: from))
  end

  def row(after: 0) = model.rows(start + after).first

  def gc(count: 0, time: 0, objects: 0)
    { gc_stats: { count: count, time: time, total_allocated_objects: objects } }
  end

  it "shows a process with its figures" do
    take(snapshot({ gc_pauses: { p99_ms: 8.4 } }))
    expect(row(after: 2)).to have_attributes(
      service: "Shop", process_id: 4711, host: "web-1", ruby: "3.4.9", state: :alive, age_s: 2.0,
      rss_bytes: 104_857_600, live_slots: 90_000, free_slots: 10_000, free_share: 0.1, pause_p99_ms: 8.4,
      allocation_rate: nil, gc_per_minute: nil, gc_share: nil
    )
  end

  it "works out rates from two snapshots" do
    take(snapshot(gc(count: 10, time: 1000, objects: 5_000_000)))
    take(snapshot(gc(count: 12, time: 1310, objects: 17_400_000), sequence: 2), after: 10)
    expect(row(after: 10)).to have_attributes(allocation_rate: 1_240_000, gc_per_minute: 12, gc_share: 0.031)
  end

  it "takes the 99th of a hundred pauses, wrong values left out" do
    take(snapshot)
    take(gc_report({ pauses_ms: (1..99).to_a }, sequence: 2))
    take(gc_report({ pauses_ms: [100, "x", nil, -5, 1e300] }, sequence: 3))
    expect(row.pause_p99_ms).to eq(99)
  end

  it "draws the trend of RSS over five minutes" do
    [0, 150, 299].zip([1, 2, 3]).each_with_index do |(after, mb), index|
      take(snapshot({ process_memory: { rss_bytes: mb * 1_000_000 } }, sequence: index + 1), after: after)
    end
    expect(row(after: 300).trend.uniq).to eq([1_000_000, 2_000_000, 3_000_000])
    expect(row(after: 300).trend.size).to eq(13)
  end

  describe "classes" do
    def classes_after(*snapshots)
      snapshots.each_with_index { |payload, index| take(snapshot(payload, sequence: index + 1), after: index) }
      row.classes.to_h { |one| [one.name, [one.kind, one.objects, one.bytes, one.objects_delta, one.bytes_delta]] }
    end

    it "grow since the view opened" do
      seen = classes_after(classes(String: [100, 4000, true], Order: [5, 500, false]),
                           classes(String: [90, 3600, true], Order: [25, 2500, false], Late: [3, 30, false]))
      expect(seen).to eq("String" => ["platform", 90, 3600, -10, -400], "Order" => ["app", 25, 2500, 20, 2000],
                         "Late" => ["app", 3, 30, 0, 0])
      expect(row).to have_attributes(classes_by: :class, classes_since: start)
    end

    it "mark what grows by a tenth and more" do
      rows = [[1100, 100], [1099, 99], [5000, 400], [200, nil]].map do |objects, delta|
        HeapPeriscopeAgent::CLI::Top::ClassRow.new(objects: objects, objects_delta: delta)
      end
      expect(rows.map(&:grows?)).to eq([true, false, false, false])
    end

    it "are types until there is a census, and stay when a later snapshot has none" do
      expect(classes_after({})).to eq("T_STRING" => ["", 40_000, nil, 0, nil], "T_ARRAY" => ["", 9_000, nil, 0, nil])
      expect(row.classes_by).to eq(:type)
      expect(classes_after({}, classes(Order: [5, 500, false]), {})).to eq("Order" => ["app", 5, 500, 0, 0])
      expect(row).to have_attributes(classes_by: :class, classes_since: start + 1)
    end

    it "are read from a census in parts" do
      take(snapshot(classes(A: [1, 1, true]), part: 1, parts: 2))
      expect(model.rows(start)).to eq([])
      take(envelope("snapshot_part", classes(B: [2, 2, true]), part: 2, parts: 2))
      expect(row.classes.map(&:name)).to eq(%w[A B])
      expect(model.lost).to eq(0)
    end

    it "are bounded, whatever is sent" do
      3.times do |round|
        names = Array.new(3000) { |index| "C#{round}_#{index}" }
        take(snapshot(classes(**names.to_h { |name| [name.to_sym, [1, 1, true]] }), sequence: round + 1))
      end
      expect(row.classes.size).to eq(500)
    end
  end

  describe "what happened" do
    def events = model.events(row.key).map(&:text)

    it "is told newest first" do
      census = { agent_cost: { census: { gvl_ms: 11.2, slices: 12, longest_slice_ms: 1.1 } } }
      take(snapshot(census, sequence: 128))
      take(gc_report(sequence: 129))
      take(gc_report({ latest_gc_info: { major_by: "nofree" }, gc_invocation_count: 3,
                       gc_duration_since_last_check_ms: 120 }, sequence: 130))
      take(envelope("goodbye", { reason: "exit" }, sequence: 131))
      expect(events).to eq(["goodbye (exit)", "gc ×3 major 120 ms (nofree)", "gc minor 2.1 ms (newobj)",
                            "snapshot #128 (1 part, census 11.2 ms in 12 slices, longest 1.1 ms)"])
    end

    it "includes leak suspects" do
      take(snapshot({ leak_suspects: [{ class_name: "Line\e[5mItem", confidence: "high", objects_per_hour: 12_400.4 },
                                      5] }))
      expect(events.last).to eq("leak suspect Line?[5mItem (high): + 12 400 an hour")
    end

    it "is kept in a bounded number" do
      200.times { |index| take(gc_report(sequence: index)) }
      expect(events.size).to eq(50)
    end
  end

  it "works with what version 0.3.0 sent" do
    2.times do |index|
      take(original_snapshot(living_objects_by_class: { "Order" => { count: 5 + index, is_platform_class: false } }),
           after: 10 * index)
    end
    report = { gc_duration_since_last_check_ms: 5.5, latest_gc_info: { major_by: nil, gc_by: "newobj" } }
    take(original_snapshot.merge(type: "gc_profiler_report", payload: report), after: 11)
    expect(row(after: 11)).to have_attributes(service: "Rails", process_id: 99, host: "127.0.0.1", rss_bytes: nil,
                                              live_slots: 50, allocation_rate: 0, state: :alive)
    expect(row.classes.map(&:to_a)).to eq([["Order", "app", 6, nil, 1, nil]])
    expect(model.events("99@127.0.0.1").first.text).to eq("gc minor 5.5 ms (newobj)")
  end

  it "tells silent and ended processes from living ones, and forgets them after a while" do
    take(snapshot(interval: 2.0))
    expect([0, 6, 7].map { |after| row(after: after).state }).to eq(%i[alive alive silent])
    take(envelope("goodbye", {}, sequence: 2), after: 8)
    expect(row(after: 8).state).to eq(:ended)
    model.tick(start + 300)
    expect(model.rows(start + 300).size).to eq(1)
    model.tick(start + 309)
    expect(model.rows(start + 309)).to eq([])
  end

  it "puts a new life of a process in the place of the old one" do
    take(snapshot(sequence: 1))
    take(snapshot(sequence: 4))
    take(snapshot(instance: "another"))
    expect(model.rows(start).map(&:key)).to eq(["another"])
    expect(model.lost).to eq(2)
  end

  it "counts what was lost, gaps and parts" do
    take(snapshot(sequence: 1, parts: 3))
    take(snapshot(sequence: 4))
    model.tick(start + 3)
    expect(model.lost).to eq(4)
  end

  it "keeps a bounded number of processes, dropping the one that was silent the longest" do
    300.times { |index| take(snapshot(instance: "i#{index}", process_id: index + 1), after: index) }
    expect(model.rows(start + 300).map(&:key)).to eq((100..299).map { |index| "i#{index}" })
  end

  it "survives payloads of any shape" do
    wrong = [nil, 1, "x", [], {}, [[]], { "a" => [] }, -1, 1.5, 10**400]
    sections = %i[gc_stats object_space_summary living_objects_by_class process_memory gc_pauses agent_cost
                  leak_suspects pauses_ms latest_gc_info gc_duration_since_last_check_ms]
    wrong.each_with_index do |value, index|
      payload = sections.to_h { |section| [section, value] }
      HeapPeriscopeAgent::CLI::Datagram::TYPES.each do |type|
        take(envelope(type, payload, sequence: index), after: index)
      end
      inner = sections.to_h do |section|
        [section, { count: value, rss_bytes: value, census: value, String: value, time: value }]
      end
      take(envelope("snapshot", inner, sequence: index + 100), after: index)
    end
    expect(row(after: 20).service).to eq("Shop")
  end
end
