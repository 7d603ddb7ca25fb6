# frozen_string_literal: true

require_relative "../command"
require_relative "../text"

module HeapPeriscopeAgent
  module CLI
    class Top < Command
      # Figures as a person reads them: bytes in steps of 1024, counts in steps of 1000. What is not known is a dash.
      module Format
        UNKNOWN = "–"
        MINUS = "−"
        BYTE_UNITS = %w[B KB MB GB TB PB].freeze
        COUNT_UNITS = ["", " k", " M", " G", " T", " P"].freeze
        BARS = "▁▂▃▄▅▆▇█"
        private_constant :BYTE_UNITS, :COUNT_UNITS, :BARS

        class << self
          # @return [String] "412.6 MB"
          def bytes(bytes)
            return UNKNOWN unless bytes

            value, unit = scale(bytes, 1024, BYTE_UNITS)
            unit == "B" ? "#{value.to_i} B" : "#{format("%.1f", value)} #{unit}"
          end

          # @return [String] "1 204 311"
          def whole(number)
            number ? number.to_s.reverse.scan(/\d{1,3}/).join(" ").reverse : UNKNOWN
          end

          # @return [String] "1.24 M", three digits
          def short(number)
            return UNKNOWN unless number

            value, unit = scale(number, 1000, COUNT_UNITS)
            "#{unit.empty? ? value.round : three_digits(value)}#{unit}"
          end

          # @return [String] "+ 12 400", "− 120", "0"
          def delta(number) = signed(number) { |size| whole(size) }

          # @return [String] "+ 960.1 KB"
          def bytes_delta(number) = signed(number) { |size| bytes(size) }

          # @return [String] "8.4 ms", "120 ms", "1.2 s"
          def ms(milliseconds)
            return UNKNOWN unless milliseconds
            return format("%.1f s", milliseconds / 1000.0) if milliseconds >= 1000

            format(milliseconds < 99.95 ? "%.1f ms" : "%.0f ms", milliseconds)
          end

          # @param share [Float] 0.031
          # @return [String] "3.1"
          def percent(share, digits: 1) = share ? format("%.#{digits}f", share * 100) : UNKNOWN

          # @return [String] "4 s", "12 min", "3 h"
          def age(seconds)
            case seconds
            when nil then UNKNOWN
            when ...100 then "#{seconds.to_i} s"
            when ...6000 then "#{(seconds / 60).to_i} min"
            else "#{(seconds / 3600).to_i} h"
            end
          end

          # @param share [Float, nil] from 0 to 1
          # @return [String] "▇▇▇░" as many columns as asked
          def bar(share, columns)
            return " " * columns unless share

            full = (share * columns).round
            ("▇" * full) + ("░" * (columns - full))
          end

          # @param values [Array<Numeric, nil>]
          # @return [String] one character each; the height spans at least a tenth of the value, so noise stays flat
          def sparkline(values)
            known = values.compact
            return " " * values.size if known.empty?

            low, high = known.minmax
            span = [high - low, high * 0.1, 1].max
            bottom = ((low + high) / 2.0) - (span / 2.0)
            # A flat line is in the middle; a little less than half, or rounding errors would make it jump.
            values.map { |value| value ? BARS[(((value - bottom) / span * (BARS.size - 1)) - 0.01).round] : " " }.join
          end

          private

          def signed(number)
            return UNKNOWN unless number
            return "0" if number.zero?

            "#{number.positive? ? "+" : MINUS} #{yield number.abs}"
          end

          def scale(number, step, units)
            value = number.to_f
            # 999.95 would be shown as 1000.0
            unit = units.find { |name| value < step - 0.05 || name == units.last || ((value /= step) && false) }
            [value, unit]
          end

          def three_digits(value)
            format("%.#{value < 9.995 ? 2 : value < 99.95 ? 1 : 0}f", value) # rubocop:disable Style/NestedTernaryOperator
          end
        end
      end
    end
  end
end
