# frozen_string_literal: true

require "json"

module HeapPeriscopeUi
  module Collector
    # Bytes to a checked message. Every step is cheaper than the next: size, signature, encoding, number of values, JSON, schema.
    class Datagram
      BYTES = 65_507
      DEPTH = 12
      # Told by the commas between them.
      VALUES = 20_000

      # @param signatures [Signatures, nil] nil: no secret is set
      def initialize(signatures: nil)
        @signatures = signatures
      end

      # @param bytes [String] as received; changed to UTF-8
      # @param now_ms [Integer] when it arrived
      # @return [Hash]
      # @raise [Refused]
      def read(bytes, now_ms)
        raise Refused, "too long" if bytes.bytesize > BYTES

        @signatures&.check(bytes)
        message = parse(bytes)
        MessageSchema.take(message)
        @signatures&.check_freshness(message, now_ms)
        message
      end

      private

      def parse(bytes)
        # Before it is parsed: a list of empty objects takes a hundred times as much memory as its text.
        raise Refused, "too many keys" if bytes.force_encoding(Encoding::BINARY).count(",") >= VALUES

        bytes.force_encoding(Encoding::UTF_8)
        raise Refused, "bad text" unless bytes.valid_encoding?

        message = JSON.parse(bytes, max_nesting: DEPTH)
        raise Refused, "not JSON" unless message.is_a?(Hash)

        message
      rescue JSON::NestingError
        raise Refused, "too deep"
      rescue JSON::ParserError, ArgumentError, FloatDomainError
        raise Refused, "not JSON"
      end
    end
  end
end
