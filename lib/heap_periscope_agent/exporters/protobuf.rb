# frozen_string_literal: true

module HeapPeriscopeAgent
  module Exporters
    # Writes one protobuf message (https://protobuf.dev/programming-guides/encoding): just what a pprof profile needs.
    class Protobuf
      VARINT = 0
      LENGTH_DELIMITED = 2
      private_constant :VARINT, :LENGTH_DELIMITED

      # Builds a message. @yieldparam message [Protobuf]
      # @return [String] its bytes
      def self.encode
        message = new
        yield message
        message.to_s
      end

      def initialize
        @bytes = String.new(encoding: Encoding::BINARY)
      end

      # @param value [Integer] at least 0; 0 is the default and is not written
      def integer(field, value)
        return if value.zero?

        varint((field << 3) | VARINT)
        varint(value)
      end

      # @param values [Array<Integer>] packed, zeros included
      def integers(field, values)
        packed = Protobuf.new
        values.each { |value| packed.varint(value) }
        bytes(field, packed.to_s)
      end

      # Text or an encoded message.
      def bytes(field, value)
        varint((field << 3) | LENGTH_DELIMITED)
        varint(value.bytesize)
        @bytes << value.b
      end

      # A message inside this one.
      def message(field, &block)
        bytes(field, Protobuf.encode(&block))
      end

      def varint(value)
        while value > 0x7f
          @bytes << ((value & 0x7f) | 0x80)
          value >>= 7
        end
        @bytes << value
      end

      def to_s
        @bytes
      end
    end
  end
end
