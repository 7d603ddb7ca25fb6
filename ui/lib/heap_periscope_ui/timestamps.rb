# frozen_string_literal: true

require "time"

module HeapPeriscopeUi
  # Times as the wire has them, to unix milliseconds.
  module Timestamps
    FORMAT = /\A(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)\z/

    # What agents send; all but the seconds is the same for a minute, so it is worked out once.
    USUAL = /\A\d{4}-\d\d-\d\dT\d\d:\d\d:[0-5]\d\.\d{3}Z\z/

    @minute = ["", 0]

    module_function

    # @return [Integer] unix ms
    def now
      ::Process.clock_gettime(::Process::CLOCK_REALTIME, :millisecond)
    end

    # @return [Float] seconds, for measuring: no one sets this clock
    def clock
      ::Process.clock_gettime(::Process::CLOCK_MONOTONIC)
    end

    # @return [Float] the same in ms
    def clock_ms
      ::Process.clock_gettime(::Process::CLOCK_MONOTONIC, :float_millisecond)
    end

    # @param text [String, nil] ISO 8601
    # @return [Integer, nil] unix ms; nil for anything else
    def parse(text)
      return unless text.is_a?(String)
      return fast(text) if USUAL.match?(text)

      match = FORMAT.match(text) or return

      year, month, day, hour, minute, second = match.captures.first(6).map(&:to_i)
      fraction = match[7] ? match[7].ljust(3, "0")[0, 3].to_i : 0
      time = if match[8] == "Z"
               Time.utc(year, month, day, hour, minute,
                        second)
             else
               Time.new(year, month, day, hour, minute, second, match[8])
             end
      (time.to_i * 1000) + fraction
    rescue ArgumentError
      nil
    end

    def fast(text)
      prefix = text[0, 17]
      known, base = @minute
      unless prefix == known
        base = Time.utc(text[0, 4].to_i, text[5, 2].to_i, text[8, 2].to_i, text[11, 2].to_i,
                        text[14, 2].to_i).to_i * 1000
        @minute = [prefix, base]
      end
      base + (text[17, 2].to_i * 1000) + text[20, 3].to_i
    rescue ArgumentError
      nil
    end

    # @param value [Integer, nil] unix ms
    # @return [String, nil] ISO 8601 with milliseconds, UTC
    def iso(value)
      value && Time.at(value / 1000, value % 1000, :millisecond).utc.iso8601(3)
    end
  end
end
