# frozen_string_literal: true

module HeapPeriscopeUi
  # One life of a process that reports (kind 0), or the sum of a service's processes (kind 1, see {ObservedService}).
  class ObservedProcess < ApplicationRecord
    self.table_name = "heap_periscope_ui_processes"

    default_scope { where(kind: 0) }
    scope :kept, -> { where(deleted_at: nil) }

    # The same as {#state} says, for the database.
    SILENT_AFTER_SQL = "(CASE WHEN interval * 3 > 3 THEN interval * 3 ELSE 3 END) * 1000"
    STATE_SQL = {
      "gone" => "(goodbye_at IS NOT NULL OR last_seen_at < :gone)",
      "silent" => "(goodbye_at IS NULL AND last_seen_at >= :gone AND last_seen_at < :now - #{SILENT_AFTER_SQL})",
      "alive" => "(goodbye_at IS NULL AND last_seen_at >= :gone AND last_seen_at >= :now - #{SILENT_AFTER_SQL})"
    }.freeze

    # @param state [String] "alive", "silent" or "gone"
    scope :in_state, ->(state, now = Timestamps.now) { where(STATE_SQL.fetch(state), now: now, gone: now - GONE_AFTER_MS) }
    scope :alive, ->(now = Timestamps.now) { in_state("alive", now) }
    # What counts among the living: a few missed reports are no death.
    HEARD_MS = 600_000
    scope :heard, ->(now = Timestamps.now) { where(goodbye_at: nil).where("last_seen_at > ?", now - HEARD_MS) }

    # Missed reports after which a process counts as silent; and seconds after which a silent one counts as gone.
    SILENT_AFTER = 3
    GONE_AFTER_MS = 3_600_000

    # @return [String] "alive", "silent" (missed {SILENT_AFTER} reports) or "gone" (said goodbye, or silent for an hour)
    def state(now = Timestamps.now)
      return "gone" if goodbye_at || now - last_seen_at > GONE_AFTER_MS

      now - last_seen_at > silent_after_ms ? "silent" : "alive"
    end

    # @return [Boolean] as the scope says
    def heard?(now = Timestamps.now)
      goodbye_at.nil? && now - last_seen_at < HEARD_MS
    end

    def silent_after_ms
      [interval * SILENT_AFTER, 3].max * 1000
    end

    # @return [Hash{String=>Numeric, nil}] newest value of each of {Metrics::NAMES}
    def metrics
      values = Packing.load(core)
      Metrics::ALL.each_with_index.to_h { |metric, index| [metric.name, unscale(values[index], metric.scale)] }
    end

    private

    def unscale(value, scale)
      value && (scale == 1 ? value : value / scale.to_f)
    end
  end
end
