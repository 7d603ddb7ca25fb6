# frozen_string_literal: true

require "time"

# docs/wire-format.md as code: says what is wrong with a datagram. Strict: a key that is not described is wrong too.
class WireSchema
  UUID = /\A\h{8}-\h{4}-4\h{3}-[89ab]\h{3}-\h{12}\z/
  TIME = lambda { |value|
    value.is_a?(String) && value.match?(/\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\z/) && Time.iso8601(value)
  }
  COUNT = ->(value) { value.is_a?(Integer) && value >= 0 }
  SIGNED = ->(value) { value.is_a?(Integer) }
  AMOUNT = ->(value) { (value.is_a?(Float) || value.is_a?(Integer)) && value >= 0 }
  NUMBER = ->(value) { value.is_a?(Float) || value.is_a?(Integer) }
  TEXT = ->(value) { value.is_a?(String) && value.valid_encoding? && !value.empty? }
  FLAG = ->(value) { [true, false].include?(value) }
  SHARE = ->(value) { NUMBER.call(value) && value.between?(0, 1) }

  Optional = Struct.new(:rule)
  Each = Struct.new(:rule)   # an array of it
  Values = Struct.new(:rule) # an object with any keys

  ENVELOPE = {
    "type" => ->(value) { %w[snapshot snapshot_part gc_profiler_report goodbye].include?(value) },
    "process_id" => COUNT, "service_name" => TEXT, "reported_at" => TIME, "payload" => ->(value) { value.is_a?(Hash) },
    "schema" => ->(value) { value == 1 }, "host" => TEXT, "instance" => ->(value) { UUID.match?(value) },
    "sequence" => ->(value) { COUNT.call(value) && value.positive? }, "part" => COUNT, "parts" => COUNT,
    "interval" => AMOUNT, "ruby" => TEXT, "agent" => TEXT,
    "key" => Optional.new(/\A[A-Za-z0-9._-]{1,64}\z/), "signature" => Optional.new(/\A\h{64}\z/)
  }.freeze

  LIVE_OBJECTS = Each.new({ "name" => TEXT, "type" => /\A(native|application)\z/, "count" => COUNT, "bytes" => COUNT,
                            "size" => /\A\d+(\.\d\d)? (B|KB|MB|GB|TB)\z/ })
  SPAN = { "name" => TEXT, "calls" => COUNT, "errors" => COUNT, "wall_ms" => AMOUNT, "allocated_objects" => COUNT,
           "allocated_by" => /\A(thread|process)\z/, "gc_time_ms" => AMOUNT, "live_objects" => Optional.new(LIVE_OBJECTS),
           "measured_at" => Optional.new(TIME), "survivors" => Optional.new(LIVE_OBJECTS) }.freeze
  BUCKET = { "le_ms" => ->(value) { value.nil? || NUMBER.call(value) }, "minor" => COUNT, "major" => COUNT }.freeze
  CENSUS = { "objects" => COUNT, "slices" => COUNT, "gvl_ms" => AMOUNT, "longest_slice_ms" => AMOUNT,
             "stall_ms" => AMOUNT, "longest_stall_ms" => AMOUNT, "wall_ms" => AMOUNT, "collections" => COUNT,
             "complete" => FLAG }.freeze
  COST = {
    "gvl_ms" => AMOUNT, "cpu_ms" => AMOUNT,
    **%w[snapshots snapshots_skipped censuses censuses_incomplete gc_reports datagrams_sent bytes_sent datagrams_dropped
         datagrams_refused oversized_parts entries_dropped names_truncated failures windows].to_h { |key| [key, COUNT] },
    "core_share" => Optional.new(AMOUNT), "census" => Optional.new(CENSUS)
  }.freeze
  SITE = { "class_name" => TEXT, "path" => TEXT, "line" => COUNT, "method" => TEXT, "objects" => COUNT,
           "standard_error" => AMOUNT, "share" => SHARE }.freeze

  SNAPSHOT = {
    "gc_stats" => Values.new(COUNT),
    "object_space_summary" => Values.new(COUNT),
    "living_objects_by_class" => Optional.new(
      Values.new({ "count" => COUNT, "is_platform_class" => FLAG, "bytes" => COUNT })
    ),
    "living_objects_by_spans" => Values.new(Each.new(SPAN)),
    "heap_pools" => Each.new({ "slot_bytes" => COUNT, "pages" => COUNT, "total_slots" => COUNT,
                               "live_slots" => COUNT }),
    "gc_pauses" => { "count" => COUNT, "total_ms" => AMOUNT, "since_s" => AMOUNT, "single" => FLAG,
                     **%w[max_ms p50_ms p95_ms p99_ms].to_h { |key| [key, Optional.new(AMOUNT)] },
                     "buckets" => Each.new(BUCKET) },
    "process_memory" => { "rss_bytes" => COUNT, "pss_bytes" => Optional.new(COUNT), "shared_bytes" => Optional.new(COUNT),
                          "private_bytes" => Optional.new(COUNT), "swap_bytes" => Optional.new(COUNT) },
    "agent_cost" => COST, "unavailable" => Optional.new(Each.new(TEXT))
  }.freeze
  GC_REPORT = {
    "gc_duration_since_last_check_ms" => AMOUNT, "gc_invocation_count" => COUNT,
    "latest_gc_info" => ->(value) { value.is_a?(Hash) && value.key?("major_by") && value.key?("gc_by") },
    "pauses_ms" => Each.new(AMOUNT),
    "pauses" => Optional.new(Each.new({ "ms" => AMOUNT, "major" => FLAG, "reason" => Optional.new(TEXT),
                                        "thread" => Optional.new(TEXT) }))
  }.freeze
  GOODBYE = { "reason" => /\A(exit|stop)\z/ }.freeze

  # @param report [Hash] one parsed datagram
  # @return [Array<String>] what is wrong with it
  def self.mistakes(report)
    new.mistakes(report)
  end

  # @param reports [Array<Hash>] all parts of one report
  # @return [Hash] the payload, put together again
  def self.merge(reports)
    reports.sort_by { |report| report.fetch("part") }.map { |report| report.fetch("payload") }.reduce do |whole, more|
      whole.merge(more) { |_, old, new| old.is_a?(Array) ? old + new : old.merge(new) }
    end
  end

  def mistakes(report)
    @mistakes = []
    check(ENVELOPE, report, "datagram")
    return @mistakes if @mistakes.any?

    wrong("part") unless report["part"].between?(1, report["parts"])
    wrong("type of part") if (report["type"] == "snapshot_part") != (report["part"] > 1)
    check(payload_of(report), report["payload"], "payload")
    @mistakes
  end

  private

  def payload_of(report)
    case report["type"]
    when "gc_profiler_report" then GC_REPORT
    when "goodbye" then GOODBYE
    else payload_of_snapshot(report)
    end
  end

  # Any section may be in another part.
  def payload_of_snapshot(report)
    return SNAPSHOT if report["parts"] == 1

    SNAPSHOT.transform_values { |rule| rule.is_a?(Optional) ? rule : Optional.new(rule) }
  end

  def check(rule, value, place)
    case rule
    when Hash then check_object(rule, value, place)
    when Each, Values then check_all(rule, value, place)
    when Regexp then wrong(place) unless value.is_a?(String) && rule.match?(value)
    else wrong("#{place} #{value.inspect[0, 50]}") unless rule.call(value)
    end
  end

  def check_all(rule, value, place)
    return wrong(place) unless value.is_a?(rule.is_a?(Each) ? Array : Hash)

    entries = value.is_a?(Array) ? value.map { |one| ["[]", one] } : value.to_a
    entries.each { |key, one| check(rule.rule, one, "#{place}.#{key}") }
  end

  def check_object(rules, value, place)
    return wrong(place) unless value.is_a?(Hash)

    (value.keys - rules.keys).each { |key| wrong("#{place}.#{key} is not described") }
    rules.each do |key, rule|
      if value.key?(key)
        check(rule.is_a?(Optional) ? rule.rule : rule, value[key], "#{place}.#{key}")
      elsif !rule.is_a?(Optional)
        wrong("#{place}.#{key} is absent")
      end
    end
  end

  def wrong(what)
    @mistakes << what
    false
  end
end

RSpec::Matchers.define :follow_the_wire_format do
  match { |report| WireSchema.mistakes(report).empty? }
  failure_message { |report| "#{WireSchema.mistakes(report).join("\n")}\nin #{JSON.generate(report)[0, 2000]}" }
end
