# frozen_string_literal: true

module HeapPeriscopeUi
  # The figures a chart can show. Every stored frame carries them in this order (append only: the position is the format),
  # as whole numbers: `scale` turns a value into what is stored.
  module Metrics
    # @!attribute merge
    #   @return [Symbol] how a service's value comes from its processes': :sum, :max or :mean
    Metric = Struct.new(:name, :unit, :scale, :merge, :title)

    ALL = [
      Metric.new("rss_bytes", "bytes", 1, :sum, "Resident memory"),
      Metric.new("pss_bytes", "bytes", 1, :sum, "Proportional memory"),
      Metric.new("heap_live_slots", "slots", 1, :sum, "Live slots"),
      Metric.new("heap_free_slots", "slots", 1, :sum, "Free slots"),
      Metric.new("heap_total_slots", "slots", 1, :sum, "All slots"),
      Metric.new("old_objects", "objects", 1, :sum, "Old objects"),
      Metric.new("allocation_rate", "objects/s", 1000, :sum, "Allocated a second"),
      Metric.new("gc_share", "share", 1_000_000, :mean, "GC share of time"),
      Metric.new("gc_per_minute", "collections/min", 1000, :sum, "Collections a minute"),
      Metric.new("minor_gc_per_minute", "collections/min", 1000, :sum, "Minor collections a minute"),
      Metric.new("major_gc_per_minute", "collections/min", 1000, :sum, "Major collections a minute"),
      Metric.new("pause_count", "pauses", 1, :sum, "Pauses"),
      Metric.new("pause_total_ms", "ms", 1000, :sum, "Time paused"),
      Metric.new("pause_max_ms", "ms", 1000, :max, "Longest pause"),
      Metric.new("pause_p50_ms", "ms", 1000, :mean, "Pause p50"),
      Metric.new("pause_p95_ms", "ms", 1000, :max, "Pause p95"),
      Metric.new("pause_p99_ms", "ms", 1000, :max, "Pause p99"),
      Metric.new("shared_bytes", "bytes", 1, :sum, "Shared memory"),
      Metric.new("private_bytes", "bytes", 1, :sum, "Private memory"),
      Metric.new("swap_bytes", "bytes", 1, :sum, "Swapped memory"),
      Metric.new("malloc_increase_bytes", "bytes", 1, :sum, "malloc since the last collection"),
      Metric.new("agent_core_share", "share", 1_000_000, :sum, "Cost of watching")
    ].freeze

    NAMES = ALL.map(&:name).freeze
    INDEX = NAMES.each_with_index.to_h.freeze
    SCALES = ALL.map(&:scale).freeze
    MERGES = ALL.map(&:merge).freeze

    # Upper bounds of the pause histogram, in ms; the last bucket (nil) is everything longer.
    PAUSE_BOUNDS_MS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, nil].freeze

    SPAN_TYPES = %w[controller model job task custom].freeze
  end
end
