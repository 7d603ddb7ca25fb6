# frozen_string_literal: true

module HeapPeriscopeUi
  # Numbers as people read them: three significant digits with a unit, or whole numbers in groups of three.
  module Figures
    THIN_SPACE = "\u202F"
    MINUS = "\u2212"
    BYTES = %w[B KB MB GB TB PB].freeze
    COUNTS = ["", "k", "M", "G", "T", "P"].freeze

    module_function

    # @param value [Numeric]
    # @param unit [String] of {Metrics::ALL}, or "count" or "/s"
    # @param sign [Boolean] put a + before growth
    # @return [Array(String, String)] digits and unit, e.g. ["1.92", "M"]
    def split(value, unit, sign: false)
      digits, name = magnitude(value.abs, unit)
      [prefix(value, sign && digits.match?(/[1-9]/)) + digits, name]
    end

    # @return [String] "71 240", with narrow spaces that do not break
    def whole(value, sign: false)
      prefix(value, sign) + value.round.abs.to_s.gsub(/(\d)(?=(\d{3})+\z)/, "\\1#{THIN_SPACE}")
    end

    # @param milliseconds [Numeric]
    # @return [String] "47 s", "5 h 22 min", "3 d 4 h"
    def duration(milliseconds)
      seconds = (milliseconds / 1000.0).round
      return "#{seconds} s" if seconds < 120

      minutes, hours, days = [60, 3_600, 86_400].map { |unit| seconds / unit }
      return "#{minutes} min" if minutes < 60
      return parts(hours, "h", minutes % 60, "min") if hours < 48

      parts(days, "d", hours % 24, "h")
    end

    def magnitude(value, unit)
      case unit
      when "bytes" then scaled(value, 1024, BYTES)
      when "share" then [format("%.1f", value * 100), "%"]
      when "ms" then milliseconds(value)
      when "/s" then [value < 100 ? format("%.1f", value) : three(value), "/s"]
      when %r{/} then scaled(value, 1000, COUNTS).then { |digits, name| [digits, "#{name}/#{unit[/[^\/]+\z/]}"] }
      else scaled(value, 1000, COUNTS)
      end
    end

    def milliseconds(value)
      return [three(value / 1000.0), "s"] if value >= 10_000

      [value < 10 ? format("%.1f", value) : three(value), "ms"]
    end

    def scaled(value, step, units)
      power = 0
      while value >= step * 0.9995 && power < units.size - 1
        value /= step.to_f
        power += 1
      end
      [power.zero? && value == value.round ? value.round.to_s : three(value), units[power]]
    end

    def three(value)
      if value >= 99.95 then value.round.to_s
      elsif value >= 9.995 then format("%.1f", value)
      else format("%.2f", value)
      end
    end

    def prefix(value, sign)
      return MINUS if value.negative?

      sign && value.positive? ? "+" : ""
    end

    def parts(large, large_unit, small, small_unit)
      small.zero? ? "#{large} #{large_unit}" : "#{large} #{large_unit} #{small} #{small_unit}"
    end
  end
end
