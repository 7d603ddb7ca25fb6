# frozen_string_literal: true

module HeapPeriscopeUi
  # How fine data is kept and for how long. Level 0 is what arrived; each further one is made from the one before.
  module Levels
    # @!attribute step_ms
    #   @return [Integer] width of a row in ms; 0 for what arrived
    Level = Struct.new(:index, :name, :table, :step_ms, :retention_key)

    RAW = Level.new(0, "raw", "heap_periscope_ui_samples", 0, :raw)
    MINUTE = Level.new(1, "minute", "heap_periscope_ui_minutes", 60_000, :minute)
    TEN_MINUTES = Level.new(2, "ten minutes", "heap_periscope_ui_ten_minutes", 600_000, :ten_minutes)
    # Kept as long as ten minutes: keeps a chart of 90 days below 2 000 points.
    TWO_HOURS = Level.new(3, "two hours", "heap_periscope_ui_two_hours", 7_200_000, :ten_minutes)

    ALL = [RAW, MINUTE, TEN_MINUTES, TWO_HOURS].freeze
    ROLLUPS = ALL.drop(1).freeze

    # A chart never reads more rows than this.
    POINTS = 2_000

    # @param level [Level]
    # @return [Integer] ms rows of this level are kept
    def self.kept_ms(level, retention = HeapPeriscopeUi.configuration.retention)
      (retention.fetch(level.retention_key) * 1000).to_i
    end

    # The finest level that still has the beginning of the range and covers it in {POINTS} rows.
    # @param from, to [Integer] unix ms
    # @param interval [Float] seconds between the process's snapshots
    # @param now [Integer] unix ms
    # @param raw [Boolean] whether level 0 exists for what is asked (not for services)
    # @return [Level]
    def self.pick(from, to, interval: 10.0, now: Timestamps.now, raw: true)
      ALL.drop(raw ? 0 : 1).find do |level|
        step = level.step_ms.zero? ? [interval * 1000, 1].max : level.step_ms
        (to - from) / step <= POINTS && from >= now - kept_ms(level) - step
      end || TWO_HOURS
    end
  end
end
