# frozen_string_literal: true

require "time"
require "heap_periscope_agent"
require_relative "../support/datagram_receiver"

module SpansReportingSpec
  class Kept
    def initialize = @itself = self
  end
end

# From a span in this process to the wire.
RSpec.describe "Spans on the wire" do
  let(:receiver) { DatagramReceiver.new }

  around do |example|
    before = HeapPeriscopeAgent.configuration
    HeapPeriscopeAgent.configuration = HeapPeriscopeAgent::Configuration.new({})
    HeapPeriscopeAgent::Testing.spans_reset
    HeapPeriscopeAgent.configure do |config|
      config.port = receiver.port
      config.interval = 0.3
      config.verbose = false
      config.census_budget = 0.5
      config.detailed_objects_limit = 7
    end
    example.run
  ensure
    nil while HeapPeriscopeAgent.running? && HeapPeriscopeAgent.stop
    HeapPeriscopeAgent.configuration = before
    HeapPeriscopeAgent::Testing.spans_reset
    receiver.close
  end

  def work(type, name, times = 1)
    times.times { HeapPeriscopeAgent.span(type, name) { Array.new(20) { Object.new } } }
  end

  it "reports each name once an interval, with what is new, and the living objects in turns" do
    HeapPeriscopeAgent.start
    names = [%w[controller A#x], %w[model B#create], %w[job C#perform], %w[task d:e], %w[custom f]]
    calls = 0
    receiver.wait(what: "the living objects of every name") do
      names.each { |type, name| work(type, name) }
      calls += 1
      names.all? { |name| receiver.spans.dig(name, "live_objects") }
    end
    HeapPeriscopeAgent.stop
    receiver.wait { receiver.reports.last["type"] == "goodbye" }

    expect(receiver.spans.transform_values { |sum| sum["calls"] }).to eq(names.to_h { |name| [name, calls] })
    sections = receiver.reports.filter_map { |report| report.dig("payload", "living_objects_by_spans") }
    sections.flat_map(&:values).each do |entries|
      expect(entries.map { |entry| entry["name"] }.uniq.size).to eq(entries.size)
    end

    entry = sections.flat_map { |section| section["model"] || [] }.reverse.find { |found| found["live_objects"] }
    expect(entry).to match(
      "name" => "B#create", "calls" => Integer, "errors" => 0, "wall_ms" => Numeric, "allocated_objects" => be > 0,
      "allocated_by" => "process", "gc_time_ms" => Numeric, "measured_at" => /\A\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z\z/,
      "live_objects" => have_attributes(size: 7)
    )
    expect(entry["live_objects"]).to all(match("name" => String, "type" => /\A(native|application)\z/, "count" => Integer,
                                               "size" => /\A[\d.]+ [KMGT]?B\z/, "bytes" => Integer))
    expect(entry["live_objects"].map { |row| row["count"] }).to eq(entry["live_objects"].map { |row| row["count"] }.sort.reverse)
  end

  it "tells what a span itself left behind, where sampling can watch objects" do
    kept = []
    HeapPeriscopeAgent.configure do |config|
      config.enable_allocation_sampling = true
      config.allocation_budget = 1.0
    end
    HeapPeriscopeAgent.start
    entries = receiver.wait(90, what: "survivors, or word that there can be none") do |reports|
      HeapPeriscopeAgent.span("custom", "leaking") { 3000.times { kept << SpansReportingSpec::Kept.new } }
      HeapPeriscopeAgent.span("custom", "clean") { 3000.times { SpansReportingSpec::Kept.new } }
      GC.start
      sleep 0.01
      entries = reports.flat_map { |report| report.dig("payload", "living_objects_by_spans", "custom") || [] }
      state = reports.filter_map { |report| report.dig("payload", "allocation_sampling", "retained_state") }.last
      entries if state == "refused" || entries.any? { |entry| entry["survivors"] }
    end

    survivors = entries.filter_map { |entry| [entry["name"], entry["survivors"].first] if entry["survivors"] }
    expect(survivors.map(&:first).uniq).to eq(["leaking"])
    expect(survivors.map(&:last)).to all(include("name" => "SpansReportingSpec::Kept", "type" => "application",
                                                 "count" => be > 0, "bytes" => be > 0, "size" => String))
  end

  it "sends each census of a name once, however often it is called after that" do
    HeapPeriscopeAgent.configure { |config| config.interval = 60 }
    HeapPeriscopeAgent.start
    HeapPeriscopeAgent::Reporter.add_span_report("custom", "again", [{ name: "A", count: 3 }])
    8.times do
      work("custom", "again")
      HeapPeriscopeAgent.report_once!
    end
    entries = receiver.wait do |reports|
      entries = reports.flat_map { |report| report.dig("payload", "living_objects_by_spans", "custom") || [] }
      entries if entries.sum { |entry| entry["calls"] } >= 9
    end
    stamps = entries.filter_map { |entry| entry["measured_at"] }
    expect(stamps).to eq(stamps.uniq)
    expect(entries.map { |entry| entry.key?("live_objects") }).to eq(entries.map { |entry| entry.key?("measured_at") })
    expect(entries.first).to include("live_objects" => include(include("name" => "A", "count" => 3)))
    expect(HeapPeriscopeAgent.spans.first[:live_objects]).not_to be_empty
  end

  it "says what HeapPeriscopeAgent.spans says" do
    HeapPeriscopeAgent.start
    receiver.wait do
      work("custom", "alike")
      receiver.spans.dig(%w[custom alike], "live_objects")
    end
    HeapPeriscopeAgent.stop
    receiver.wait { receiver.reports.last["type"] == "goodbye" }

    sum = HeapPeriscopeAgent.spans.first
    wire = receiver.spans.fetch(%w[custom alike])
    expect(wire.values_at("calls", "allocated_objects")).to eq(sum.values_at(:calls, :allocated_objects))
    expect(wire["wall_ms"]).to be_within(0.1).of(sum[:wall_ms])
    expect(wire["live_objects"].map { |row| row.transform_keys(&:to_sym) }).to eq(sum[:live_objects])
    expect(Time.iso8601(wire["measured_at"])).to be_within(0.001).of(sum[:measured_at])
  end

  it "takes living objects that callers of 0.3.0 counted themselves" do
    objects = HeapPeriscopeAgent::Collector.collect_detailed_living_objects_for_span(5)
    HeapPeriscopeAgent::Reporter.add_span_report("model", "Old#create", objects)
    HeapPeriscopeAgent::Reporter.add_span_report(:other, "own", [{ name: "A", type: "native", count: 3, size: "1.50 KB" }])
    HeapPeriscopeAgent::Reporter.add_span_report("custom", "odd", [nil, {}, { name: 5, count: -1, size: nil }])
    HeapPeriscopeAgent.report_once!
    spans = receiver.wait { receiver.spans if receiver.reports.any? }

    expect(spans.keys).to contain_exactly(%w[model Old#create], %w[other own], %w[custom odd])
    expect(spans.dig(%w[model Old#create], "live_objects").map { |row| row.transform_keys(&:to_sym) }).to eq(objects)
    expect(spans.dig(%w[other own], "live_objects"))
      .to eq([{ "name" => "A", "type" => "native", "count" => 3, "size" => "1.50 KB", "bytes" => 1536 }])
    expect(spans.dig(%w[custom odd], "live_objects").first).to include("name" => "5", "count" => 0, "bytes" => 0)
    expect(spans.transform_values { |sum| sum["calls"] }.values).to eq([1, 1, 1])
  end

  it "counts a call once that both measures itself and reports its own living objects" do
    HeapPeriscopeAgent.start
    HeapPeriscopeAgent.span("controller", "Old#index") do
      HeapPeriscopeAgent::Reporter.add_span_report("controller", "Old#index", [{ name: "A", count: 1 }])
    end
    expect(HeapPeriscopeAgent.spans.first).to include(calls: 1, live_objects: [include(name: "A")])
  end

  it "looks without taking: a snapshot by hand leaves the spans for the report" do
    HeapPeriscopeAgent.start
    work("custom", "kept", 3)
    2.times do
      expect(HeapPeriscopeAgent.snapshot.dig(:living_objects_by_spans, :custom).first).to include(name: "kept", calls: 3)
    end
    HeapPeriscopeAgent.stop
    receiver.wait { receiver.spans.dig(%w[custom kept], "calls") == 3 }
  end

  it "follows max_spans" do
    HeapPeriscopeAgent.configure { |config| config.max_spans = 2 }
    HeapPeriscopeAgent.start
    5.times { |n| work("custom", "name #{n}") }
    HeapPeriscopeAgent.stop
    expect(HeapPeriscopeAgent.spans.map { |span| [span[:name], span[:calls]] })
      .to eq([["name 0", 1], ["name 1", 1], ["(other)", 3]])
  end

  it "reports a forked child's own spans under its own pid" do
    HeapPeriscopeAgent.start
    work("custom", "parent", 2)
    child = fork do
      work("custom", "child", 5)
      exit(0)
    end
    Process.wait(child)
    HeapPeriscopeAgent.stop
    receiver.wait { receiver.spans(pid: child).any? && receiver.spans(pid: Process.pid).any? }
    expect(receiver.spans(pid: child).transform_values { |sum| sum["calls"] }).to eq(%w[custom child] => 5)
    expect(receiver.spans(pid: Process.pid).transform_values { |sum| sum["calls"] }).to eq(%w[custom parent] => 2)
  end
end
