# frozen_string_literal: true

require "openssl"

module HeapPeriscopeUi
  module Collector
    # Checks signed datagrams: the signature before anything is parsed, then the time, then that it was not seen before.
    class Signatures
      HEAD = /\A\{"key":"([A-Za-z0-9._-]{1,64})","signature":"([0-9a-f]{64})",/n
      ZEROS = "0" * 64

      # @param secrets [Hash{String=>String}] key id => secret
      # @param window [Numeric] seconds a datagram's time may be off
      # @param last [#call, nil] {ReplayWindow}
      def initialize(secrets, window:, last: nil)
        @secrets = secrets
        @window_ms = window * 1000
        @replays = ReplayWindow.new(keep_ms: 2 * @window_ms, last: last)
      end

      # @param bytes [String]
      # @raise [Refused]
      def check(bytes)
        bytes.force_encoding(Encoding::BINARY)
        match = HEAD.match(bytes) or raise Refused, "no signature"
        secret = @secrets[match[1]] or raise Refused, "bad signature"
        unsigned = bytes.dup
        unsigned[match.begin(2), 64] = ZEROS
        expected = OpenSSL::HMAC.hexdigest("SHA256", secret, unsigned)
        raise Refused, "bad signature" unless OpenSSL.fixed_length_secure_compare(expected, match[2])
      end

      # @param message [Hash] checked by {MessageSchema}
      # @raise [Refused]
      def check_freshness(message, now_ms)
        at = Timestamps.parse(message["reported_at"])
        raise Refused, "outside the time window" unless at && (at - now_ms).abs <= @window_ms
        raise Refused, "wrong type" unless message["instance"] && message["sequence"]
        raise Refused, "seen before" unless @replays.fresh?(message["instance"], message["sequence"],
                                                            message["part"] || 1, now_ms)
      end
    end
  end
end
