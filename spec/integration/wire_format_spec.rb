# frozen_string_literal: true

require "openssl"
require "heap_periscope_agent"
require_relative "../support/watched_program"
require_relative "../support/wire_schema"

RSpec.describe "what goes over the wire" do
  around { |example| DatagramReceiver.open { |receiver| (@receiver = receiver) && example.run } }

  attr_reader :receiver

  BUSY_PROGRAM = <<~RUBY
    Shop = Module.new
    40.times { |n| Shop.const_set("Item\#{n}", Class.new) }
    keep = Shop.constants.flat_map { |name| Array.new(50) { Shop.const_get(name).new } }
    HeapPeriscopeAgent.start
    deadline = clock + 2.6
    while clock < deadline
      HeapPeriscopeAgent.span("job", "Work") { Array.new(500) { +"x" * 50 } }
      GC.start(full_mark: false) if rand < 0.05
      sleep 0.01
    end
    print keep.size
  RUBY

  it "follows docs/wire-format.md in every datagram of every type, without gaps, nothing on stdout" do
    outcome = WatchedProgram.run!(BUSY_PROGRAM, receiver: receiver, interval: 0.5, enable_detailed_objects: true,
                                                gc_pauses: true, service_name: "Shop \"1\" ö")
    reports = receiver.reports
    expect(outcome.out).to eq("2000")
    expect(reports.map { |report| report["type"] }.uniq).to match_array(%w[snapshot gc_profiler_report goodbye])
    expect(reports).to all(follow_the_wire_format)
    expect(reports.map { |report| report["sequence"] }).to eq((1..reports.size).to_a)
    expect(reports.map do |report|
      report.values_at("instance", "process_id", "service_name", "interval")
    end.uniq.size).to eq(1)
    expect(reports.last).to include("type" => "goodbye", "payload" => { "reason" => "exit" },
                                    "service_name" => "Shop \"1\" ö")
    expect(reports[-2]["type"]).to eq("snapshot")
    times = reports.map { |report| Time.iso8601(report["reported_at"]) }
    expect(times).to eq(times.sort)
    snapshot = receiver.of(type: "snapshot").last["payload"]
    expect(snapshot["living_objects_by_class"].values.map { |entry| entry["count"] })
      .to eq(snapshot["living_objects_by_class"].values.map { |entry| entry["count"] }.sort.reverse)
    expect(snapshot["living_objects_by_class"].size).to eq(20)
    expect(snapshot["gc_pauses"]).to include("single" => true)
  end

  it "sends every key of GC.stat and the T_ types of ObjectSpace.count_objects" do
    script = 'HeapPeriscopeAgent.report_once!; print GC.stat.keys.join(" "), "\n", ObjectSpace.count_objects.keys.join(" ")'
    stat, types = WatchedProgram.run!(script, receiver: receiver).out.lines(chomp: true).map(&:split)
    payload = receiver.await("snapshot")["payload"]
    expect(payload["gc_stats"].keys).to match_array(stat)
    expect(payload["object_space_summary"].keys - ["T_ZOMBIE"]).to match_array(types - ["T_ZOMBIE"]) # come and go
  end

  describe "a report larger than a datagram" do
    let(:options) { { enable_detailed_objects: true, detailed_objects_limit: 60, interval: 60 } }
    let(:script) do
      "#{BUSY_PROGRAM.lines.first(3).join}3.times { HeapPeriscopeAgent.report_once! }; print HeapPeriscopeAgent.agent_cost"
    end

    it "comes in parts that are each valid, within max_datagram_bytes but for the first, and together the whole" do
      WatchedProgram.run!(script, receiver: receiver, max_datagram_bytes: 1400, **options)
      reports = receiver.reports
      expect(reports).to all(follow_the_wire_format)
      expect(reports.group_by { |report| report["sequence"] }.keys).to eq([1, 2, 3])
      reports.group_by { |report| report["sequence"] }.each_value do |parts|
        expect(parts.map { |part| part["part"] }).to eq((1..parts.first["parts"]).to_a)
        expect(parts.size).to be > 1
        expect(parts.first["payload"].keys)
          .to include("gc_stats", "object_space_summary", "living_objects_by_class", "living_objects_by_spans")
        expect(parts.drop(1).map { |part| part["type"] }.uniq).to eq(["snapshot_part"])
        merged = WireSchema.merge(parts)
        expect(merged.keys).to match_array(WireSchema::SNAPSHOT.keys - ["unavailable"])
        expect(merged["living_objects_by_class"].size).to eq(60)
      end
      long = receiver.datagrams.select { |datagram| datagram.bytesize > 1400 }
      expect(long.size).to eq(3)
      expect(receiver.of(type: "snapshot_part").last["payload"]["agent_cost"]).to include("oversized_parts" => 2)
    end

    it "is dropped by the entry where one fits no part, which is counted" do
      outcome = WatchedProgram.run!(script, receiver: receiver, max_datagram_bytes: 600, **options)
      expect(receiver.reports).to all(follow_the_wire_format)
      expect(receiver.datagrams.reject do |datagram|
        datagram.include?('"type":"snapshot",')
      end.map(&:bytesize)).to all(be <= 600)
      expect(outcome.out[/entries_dropped(?:"?=>|: )(\d+)/, 1].to_i).to be >= 3
    end

    it "that exceeds what UDP carries arrives all the same" do
      huge = <<~RUBY
        4000.times { |n| Object.const_set("VeryLongNameOfAClass\#{"x" * 60}\#{n}", Class.new) }
        keep = Object.constants.grep(/VeryLong/).map { |name| Object.const_get(name).new }
        raise "not sent" unless HeapPeriscopeAgent.report_once!
        print keep.size
      RUBY
      WatchedProgram.run!(huge, receiver: receiver, enable_detailed_objects: true, detailed_objects_limit: 10_000)
      reports = receiver.wait { |all| all.size == all.dig(0, "parts") && all }
      expect(reports).to all(follow_the_wire_format)
      expect(reports.size).to be > 5
      expect(WireSchema.merge(reports)["living_objects_by_class"].keys.grep(/\AVeryLong/).size).to eq(4000)
    end
  end

  describe "signatures" do
    def secret = "0123456789abcdef" * 2

    # As docs/wire-format.md tells a receiver to.
    def genuine?(datagram, secrets)
      head = datagram.match(/\A\{"key":"([A-Za-z0-9._-]{1,64})","signature":"(\h{64})",/) or return false
      zeroed = datagram.sub(head[2], "0" * 64)
      OpenSSL.fixed_length_secure_compare(OpenSSL::HMAC.hexdigest("SHA256", secrets.fetch(head[1]), zeroed), head[2])
    end

    it "are on every datagram, by the key that was set at the time" do
      script = <<~RUBY
        keep = Array.new(1000) { Class.new.new }
        HeapPeriscopeAgent.start
        GC.start
        wait_until { HeapPeriscopeAgent.agent_cost.then { |cost| cost[:gc_reports] >= 1 && cost[:snapshots] >= 2 } }
        HeapPeriscopeAgent.configure { |config| config.secret = "#{secret.reverse}"; config.key_id = "second.key" }
        HeapPeriscopeAgent.report_once!
        busy = Thread.new { 1 while true }
        seen = HeapPeriscopeAgent.agent_cost[:snapshots]
        wait_until { HeapPeriscopeAgent.agent_cost[:snapshots] >= seen + 2 }
      RUBY
      WatchedProgram.run!(script, receiver: receiver, secret: secret, key_id: "first", interval: 0.4,
                                  enable_detailed_objects: true, max_datagram_bytes: 1400)
      keys = { "first" => secret, "second.key" => secret.reverse }
      expect(receiver.datagrams).to all(satisfy("be genuine") { |datagram| genuine?(datagram, keys) })
      expect(receiver.reports.map { |report| report["key"] }.uniq).to eq(%w[first second.key])
      expect(receiver.reports.map { |report| report["type"] }.uniq.size).to eq(4)
      expect(receiver.reports).to all(follow_the_wire_format)
      expect(genuine?(receiver.datagrams.first.sub("snapshot", "snapshor"), keys)).to be(false)
    end

    it "hold where many threads sign at once" do
      script = <<~RUBY
        HeapPeriscopeAgent.start
        Array.new(20) { Thread.new { 15.times { HeapPeriscopeAgent.report_once! or raise } } }.each(&:join)
      RUBY
      WatchedProgram.run!(script, receiver: receiver, secret: secret, key_id: "k", interval: 0.02)
      expect(receiver.datagrams.size).to be > 300
      expect(receiver.datagrams).to all(satisfy("be genuine") { |datagram| genuine?(datagram, "k" => secret) })
      expect(receiver.reports.map { |report| report["sequence"] }).to eq((1..receiver.reports.size).to_a)
    end
  end
end
