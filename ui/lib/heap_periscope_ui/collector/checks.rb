# frozen_string_literal: true

module HeapPeriscopeUi
  module Collector
    # Single values. Each returns nothing and raises {Refused} for what is not allowed.
    module Checks
      # Counts fit a database's 64-bit column; measurements may also be a counter of the VM that wrapped.
      LARGEST_WHOLE = (1 << 62) - 1
      LARGEST = 1 << 64
      NAME_BYTES = 1_024
      TEXT_BYTES = 8_192
      ENTRIES = 4_096

      module_function

      def object(value)
        raise Refused, "wrong type" unless value.is_a?(Hash)
        raise Refused, "too many keys" if value.size > ENTRIES
      end

      def list(value)
        raise Refused, "wrong type" unless value.is_a?(Array)
        raise Refused, "too many keys" if value.size > ENTRIES
      end

      # Checks a list and yields its entries.
      def each_of(value)
        list(value)
        value.each_with_index do |entry, index|
          yield entry
        rescue Refused => e
          raise e.inside(index)
        end
      end

      # @param limit [Integer] bytes
      def text(value, limit = TEXT_BYTES)
        raise Refused, "wrong type" unless value.is_a?(String)
        raise Refused, "string too long" if value.bytesize > limit
      end

      def optional_text(value, limit = TEXT_BYTES)
        text(value, limit) unless value.nil?
      end

      # One line that a person reads: no control characters.
      def line(value, limit)
        text(value, limit)
        raise Refused, "bad text" if value.match?(/[[:cntrl:]]/)
      end

      def name(value)
        text(value, NAME_BYTES)
        raise Refused, "wrong type" if value.empty?
      end

      # A count: whole and not negative.
      def whole(value)
        raise Refused, "wrong type" unless value.is_a?(Integer)
        raise Refused, "number out of range" if value.negative? || value > LARGEST_WHOLE
      end

      def optional_whole(value)
        whole(value) unless value.nil?
      end

      # A measurement: not negative, finite.
      def number(value)
        return if value.is_a?(Integer) && value >= 0 && value <= LARGEST_WHOLE

        rate(value)
        raise Refused, "number out of range" if value.negative?
      end

      # A measurement that may be negative.
      def rate(value)
        raise Refused, "wrong type" unless value.is_a?(Integer) || value.is_a?(Float)
        raise Refused, "number out of range" unless value > -LARGEST && value < LARGEST
      end

      def optional_number(value)
        number(value) unless value.nil?
      end

      # @param keys [Array<String>] each a number or absent
      def numbers(object, keys)
        keys.each { |key| optional_number(object[key]) }
      end

      # Every value a number that is known or null.
      def all_numbers(object)
        object(object)
        object.each do |key, value|
          raise Refused, "string too long" if key.bytesize > 128
          next if value.is_a?(Integer) && value >= 0 && value <= LARGEST_WHOLE

          optional_number(value)
        end
      end
    end
  end
end
