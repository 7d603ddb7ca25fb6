# frozen_string_literal: true

module HeapPeriscopeAgent
  # What an option may hold. A type answers `cast(value)` with the value as it is kept, or with REFUSED, and `allowed`
  # with the words an error message uses. Strings are read as they would come from the environment.
  module OptionTypes
    REFUSED = Object.new.freeze

    # true or false
    class Flag
      WORDS = { "true" => true, "1" => true, "yes" => true, "on" => true,
                "false" => false, "0" => false, "no" => false, "off" => false }.freeze

      def cast(value)
        case value
        when true, false then value
        when String then WORDS.fetch(value.strip.downcase, REFUSED)
        else REFUSED
        end
      end

      def allowed = "true or false"
    end

    # A whole number within a range
    class Whole
      def initialize(range, unit: nil)
        @range = range
        @unit = unit
      end

      def cast(value)
        number = value.is_a?(String) ? Integer(value, 10, exception: false) : value
        number.is_a?(Integer) && @range.cover?(number) ? number.to_i : REFUSED
      end

      def allowed
        "a whole number#{" of #{@unit}" if @unit} from #{@range.begin} to #{@range.end}"
      end
    end

    # A number within a range, whole or not; durations of ActiveSupport are numbers too
    class Decimal
      def initialize(range, unit: nil)
        @range = range
        @unit = unit
      end

      def cast(value)
        return REFUSED unless value.is_a?(Numeric) || value.is_a?(String)

        number = Integer === value ? value : Float(value, exception: false) # rubocop:disable Style/CaseEquality
        number && @range.cover?(number) ? number : REFUSED
      end

      def allowed
        "a number#{" of #{@unit}" if @unit} from #{@range.begin} to #{@range.end}"
      end
    end

    # Text of a limited length that fits a pattern
    class Text
      def initialize(words, bytes:, pattern: /\S/)
        @words = words
        @bytes = bytes
        @pattern = pattern
      end

      def cast(value)
        return REFUSED unless value.is_a?(String) || value.is_a?(Symbol)

        text = value.to_s.encode(Encoding::UTF_8)
        return REFUSED unless text.valid_encoding? && @bytes.cover?(text.bytesize) && @pattern.match?(text)

        -text.dup
      rescue EncodingError
        REFUSED
      end

      def allowed = @words
    end

    # Bytes that nobody may see, in whatever encoding
    class Secret
      def initialize(bytes) = @bytes = bytes

      def cast(value)
        value.is_a?(String) && @bytes.cover?(value.bytesize) ? value.b.freeze : REFUSED
      end

      def allowed = "a String of #{@bytes.begin} to #{@bytes.end} bytes"
    end

    # A list of texts; in one String they are separated by commas
    class TextList
      def initialize(words, item)
        @words = words
        @item = item
      end

      def cast(value)
        list = value.is_a?(String) ? value.split(",").map(&:strip).reject(&:empty?) : value
        return REFUSED unless list.is_a?(Array)

        items = list.map { |entry| @item.cast(entry) }
        items.include?(REFUSED) ? REFUSED : items.uniq.freeze
      end

      def allowed = @words
    end

    # An object that answers certain methods; it cannot come from the environment
    class Responder
      def initialize(*methods) = @methods = methods

      def cast(value)
        @methods.all? { |name| value.respond_to?(name) } ? value : REFUSED
      rescue NoMethodError # a BasicObject
        REFUSED
      end

      def allowed = "an object that answers #{@methods.join(", ")}"
    end

    # Another type, or nil. The words given mean nil as well.
    class Optional
      def initialize(type, *words)
        @type = type
        @words = words
      end

      def cast(value)
        return nil if value.nil? || (value.respond_to?(:to_str) && @words.include?(value.to_str.strip))
        return nil if value.is_a?(Symbol) && @words.include?(value.to_s)

        @type.cast(value)
      rescue NoMethodError # a BasicObject
        REFUSED
      end

      def allowed = [@type.allowed, *@words.map(&:inspect)].join(", ").concat(" or nil")
    end
  end
end
