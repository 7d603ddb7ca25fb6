# frozen_string_literal: true

module HeapPeriscopeUi
  # From when to when, in unix ms.
  class TimeRange
    PRESETS = { "15m" => 900_000, "1h" => 3_600_000, "6h" => 21_600_000, "24h" => 86_400_000, "7d" => 604_800_000,
                "30d" => 2_592_000_000, "90d" => 7_776_000_000 }.freeze
    DEFAULT = "1h"
    LONGEST_MS = 400 * 86_400_000

    attr_reader :from, :to, :preset

    # @param from, to [Integer] unix ms
    # @raise [BadParameter] when it ends before it begins or is longer than 400 days
    def initialize(from, to, preset: nil)
      raise BadParameter, "from (#{from}) must be before to (#{to})" if from >= to
      raise BadParameter, "a range must not be longer than 400 days" if to - from > LONGEST_MS

      @from = from
      @to = to
      @preset = preset
    end

    # @param params [#[]] `range` (one of {PRESETS}), or `from` and/or `to` as unix ms or ISO 8601. Without any: the last hour.
    # @return [TimeRange]
    # @raise [BadParameter]
    def self.parse(params, now: Timestamps.now)
      to = moment(params[:to], "to") || now
      from = moment(params[:from], "from")
      return new(from, to) if from

      preset = params[:range].presence || DEFAULT
      width = PRESETS[preset] or raise BadParameter,
                                       "range must be one of #{PRESETS.keys.join(", ")}, not #{preset.inspect}"
      new(to - width, to, preset: (preset unless params[:to].present?))
    end

    # @param value [String, nil] unix ms or ISO 8601
    # @return [Integer, nil]
    # @raise [BadParameter]
    def self.moment(value, name)
      return if value.blank?
      return value.to_i if value.to_s.match?(/\A\d{1,15}\z/)

      Timestamps.parse(value.to_s) or
        raise BadParameter,
              "#{name} must be unix milliseconds or ISO 8601 (2026-03-12T14:32:10Z), not #{value.to_s.first(80).inspect}"
    end

    def width
      to - from
    end

    # @return [Boolean] whether the range follows the present
    def live?
      !preset.nil?
    end
  end
end
