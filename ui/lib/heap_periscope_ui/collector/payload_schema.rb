# frozen_string_literal: true

module HeapPeriscopeUi
  module Collector
    # Every section of every type of message with its type, as docs/wire-format.md has it. The store knows nothing else of a payload.
    module PayloadSchema
      include Kinds
      include Shapes

      WHOLE = Whole.new
      COUNTER = Counter.new
      FLAG = Flag.new
      NAME = Name.new
      WORD = Text.new(64)
      PLACE = Text.new(NAME_BYTES)
      KEY = Line.new(64, /\A\w+\z/)
      # Thirty years: a thousand times as many still fit whole numbers.
      MS = Number.new(0, 10**12)
      SECONDS = Number.new(0, 10**9)
      SHARE = Number.new(0, 1)
      CORES = Number.new(0, 10_000)
      # A class may grow in number while it shrinks in bytes, and the other way round.
      RATE = Number.new(-LARGEST, LARGEST)
      ESTIMATE = Rounded.new(0, LARGEST)

      # Frames of a stack; and bytes of a line, which may be a path and a method.
      STACK = List.new(Text.new(NAME_BYTES * 2), 256)

      def self.all(keys, kind)
        keys.to_h { |key| [key, kind] }
      end
      private_class_method :all

      CLASSES = FullTable.new(NAME, Record.new({ "count" => WHOLE }, "is_platform_class" => FLAG, "bytes" => WHOLE))
      LIVE_OBJECTS = List.new(Record.new({ "name" => NAME, "count" => WHOLE }, "type" => WORD, "bytes" => WHOLE))
      SPANS = List.new(Record.new({ "name" => NAME }, "allocated_by" => Choice.new("thread", "process"), "measured_at" => WORD,
                                                      **all(%w[calls errors allocated_objects], WHOLE), **all(%w[wall_ms gc_time_ms], MS),
                                                      **all(%w[live_objects survivors], LIVE_OBJECTS)))

      POOLS = List.new(Record.new({ "slot_bytes" => WHOLE }, all(%w[pages total_slots live_slots], WHOLE)), 64)
      BUCKETS = List.new(Record.new({}, "le_ms" => MS, "minor" => WHOLE, "major" => WHOLE), 64)
      PAUSES = Record.new({}, "count" => WHOLE, "since_s" => SECONDS, "single" => FLAG, "buckets" => BUCKETS,
                              **all(%w[total_ms max_ms p50_ms p95_ms p99_ms], MS))
      CENSUS = Record.new({}, "complete" => FLAG, **all(%w[objects slices collections], WHOLE),
                              **all(%w[gvl_ms longest_slice_ms stall_ms longest_stall_ms wall_ms], MS))
      COST = Record.new({}, **all(%w[gvl_ms cpu_ms], MS),
                            **all(%w[snapshots snapshots_skipped censuses censuses_incomplete gc_reports datagrams_sent bytes_sent
                                     datagrams_dropped datagrams_refused oversized_parts entries_dropped names_truncated failures windows], WHOLE),
                            "core_share" => CORES, "census" => CENSUS)
      SAMPLING = Record.new({}, **all(%w[state retained_state], WORD), **all(%w[reason retained_reason], Line.new(NAME_BYTES)),
                                **all(%w[windows sampled_objects stacks stacks_missed allocated_objects sites_evicted retained_watched
                                         retained_missed], WHOLE),
                                "since_s" => SECONDS, "cost_share" => CORES)

      # Without a path where nothing but methods in C ran, without a method where there was no stack.
      LINE_OF_PATH = ->(site) { raise Refused, "wrong type" if site["path"] && site["line"].nil? }
      LIFETIMES = List.new(Record.new({}, "le_s" => SECONDS, "objects" => WHOLE), 16)
      SITES = List.new(Record.new({ "class_name" => NAME }, "path" => PLACE, "method" => PLACE, "line" => Whole.new((1 << 31) - 1),
                                                            "stack" => STACK, "ages" => Record.new({}, all(%w[young middle old], WHOLE)),
                                                            "lifetimes" => LIFETIMES, "standard_error" => ESTIMATE, "share" => SHARE,
                                                            **all(%w[objects bytes watched], WHOLE)).with(LINE_OF_PATH))
      SUSPECT_SITES = List.new(Record.new({}, "path" => PLACE, "line" => WHOLE, "method" => PLACE, "share" => SHARE), 64)
      SUSPECT_SPANS = List.new(Record.new({}, "type" => WORD, "name" => PLACE, "share" => SHARE), 64)
      CONFIDENCE = Choice.new("low", "medium", "high")
      SUSPECTS = List.new(Record.new({ "class_name" => NAME, "confidence" => CONFIDENCE },
                                     **all(%w[objects_per_hour objects_per_hour_error bytes_per_hour bytes_per_hour_error], RATE),
      **all(%w[count bytes], WHOLE), "since" => WORD, "sentence" => Text.new,
                                     "sites" => SUSPECT_SITES, "spans" => SUSPECT_SPANS, "stack" => STACK), 256)

      # Keys of GC.stat and count_objects differ by Ruby's version.
      SECTIONS = {
        "object_space_summary" => Table.new(KEY, COUNTER, 64), "process_memory" => Record.new(
          {}, all(%w[rss_bytes pss_bytes shared_bytes private_bytes swap_bytes], WHOLE)
        ),
        "living_objects_by_class" => CLASSES, "living_objects_by_spans" => Record.new({}, all(Metrics::SPAN_TYPES, SPANS)),
        "heap_pools" => POOLS, "gc_pauses" => PAUSES, "agent_cost" => COST, "allocation_sampling" => SAMPLING,
        "allocation_sites" => SITES, "retained_sites" => SITES, "leak_suspects" => SUSPECTS
      }.freeze
      GC_STATS = { "gc_stats" => Table.new(KEY, COUNTER, 128) }.freeze

      SINGLE_PAUSE = Record.new({}, "ms" => MS, "major" => FLAG, "reason" => WORD, "thread" => PLACE)
      GC_INFO = Record.new({}, "gc_by" => WORD, "major_by" => WORD)

      # By type of message. A first part has the sections that every snapshot has.
      TYPES = {
        "snapshot" => Record.new(GC_STATS, SECTIONS), "snapshot_part" => Record.new({}, GC_STATS.merge(SECTIONS)),
        "gc_profiler_report" => Record.new({}, "gc_duration_since_last_check_ms" => MS, "gc_invocation_count" => WHOLE,
                                               "latest_gc_info" => GC_INFO, "pauses_ms" => List.new(MS, 100),
                                               "pauses" => List.new(SINGLE_PAUSE, 100)),
        "goodbye" => Record.new({}, "reason" => Line.new(64))
      }.freeze
    end
  end
end
