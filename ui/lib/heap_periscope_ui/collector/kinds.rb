# frozen_string_literal: true

module HeapPeriscopeUi
  module Collector
    # What single values may be. Each kind answers `take(value)` with what is stored for it, or raises {Refused}. Containers are in
    # {Shapes}; they also answer `keep(value)`, with what is right of it.
    module Kinds
      class Kind
        def keep(value) = take(value)
      end

      # Whole numbers that floats, JavaScript and sums over a thousand rows hold exactly.
      LARGEST = (1 << 53) - 1
      # A counter of the VM's may have wrapped.
      LARGEST_COUNTER = (1 << 64) - 1
      NAME_BYTES = 1_024
      TEXT_BYTES = 8_192

      # A count: whole and not negative.
      class Whole < Kind
        # @param most [Integer]
        def initialize(most = LARGEST)
          super()
          @most = most
        end

        def take(value)
          return value if value.is_a?(Integer) && value >= 0 && value <= @most

          raise Refused, value.is_a?(Integer) || (value.is_a?(Float) && value.infinite?) ? "number out of range" : "wrong type"
        end
      end

      # A figure of the VM's: one that cannot be meant is not known.
      class Counter < Kind
        def take(value)
          return odd(value) unless value.is_a?(Integer) && value >= 0

          value <= LARGEST ? value : odd(value)
        end

        private

        def odd(value)
          raise Refused, "wrong type" unless value.is_a?(Integer)
          raise Refused, "number out of range" unless value.between?(0, LARGEST_COUNTER)

          nil
        end
      end

      # A measurement: finite and between two bounds.
      class Number < Kind
        def initialize(least, most)
          super()
          @least = least
          @most = most
        end

        def take(value)
          raise Refused, "wrong type" unless value.is_a?(Integer) || value.is_a?(Float)
          # False for NaN.
          raise Refused, "number out of range" unless value.between?(@least, @most)

          value
        end
      end

      # A measurement kept as a whole number.
      class Rounded < Number
        def take(value)
          super.round
        end
      end

      class Flag < Kind
        def take(value)
          return value if [true, false].include?(value)

          raise Refused, "wrong type"
        end
      end

      # JSON can spell half a character, which no database takes.
      class Text < Kind
        # @param most [Integer] bytes
        def initialize(most = TEXT_BYTES)
          super()
          @most = most
        end

        def take(value)
          return value if value.is_a?(String) && value.bytesize <= @most && value.valid_encoding?

          raise Refused, "wrong type" unless value.is_a?(String)

          raise Refused, value.bytesize > @most ? "string too long" : "bad text"
        end
      end

      # A text that is not empty: of a class, a span.
      class Name < Text
        def initialize(most = NAME_BYTES)
          super
        end

        def take(value)
          raise Refused, "wrong type" if super.empty?

          value
        end
      end

      # A text that follows a pattern; without one, a line that a person reads: no control characters.
      class Line < Text
        READABLE = /\A[^[:cntrl:]]*\z/

        def initialize(most, pattern = READABLE)
          super(most)
          @pattern = pattern
        end

        def take(value)
          raise Refused, "bad text" unless super.match?(@pattern)

          value
        end
      end

      class Choice < Kind
        def initialize(*values)
          super()
          @values = values
        end

        def take(value)
          return value if @values.include?(value)

          raise Refused, "wrong type"
        end
      end
    end
  end
end
