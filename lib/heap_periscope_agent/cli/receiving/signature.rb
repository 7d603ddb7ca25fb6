# frozen_string_literal: true

require "openssl"
require_relative "datagram"

module HeapPeriscopeAgent
  module CLI
    # Refuses datagrams that were not signed with one of the secrets, are too old or too new, or were seen before.
    class Signature
      # What a signed datagram begins with; the signature is made with 64 zeros in its own place.
      HEAD = /\A\{"key":"[A-Za-z0-9._-]{1,64}","signature":"([0-9a-f]{64})",/n
      MIN_SECRET_BYTES = 16
      WINDOW_S = 300
      MAX_REMEMBERED = 65_536
      private_constant :HEAD, :WINDOW_S, :MAX_REMEMBERED

      # @param secrets [Array<String>] any of them will do, so that one can replace another
      def initialize(secrets)
        @secrets = secrets
        @seen = {}
      end

      # @param bytes [String] the datagram before it is parsed
      # @raise [RefusedDatagram]
      def verify(bytes)
        bytes = bytes.b
        given = HEAD.match(bytes) or raise RefusedDatagram, "not signed"

        message = bytes.dup
        message[given.begin(1), 64] = "0" * 64
        return if @secrets.any? { |secret| same?(OpenSSL::HMAC.hexdigest("SHA256", secret, message), given[1]) }

        raise RefusedDatagram, "signed with another secret"
      end

      # @param datagram [Datagram] one whose signature is right
      # @raise [RefusedDatagram]
      def admit(datagram)
        made = datagram.reported_at
        raise RefusedDatagram, "too old or too new" if made.nil? || (datagram.received_at - made).abs > WINDOW_S

        key = [datagram.instance, datagram.sequence, datagram.part]
        raise RefusedDatagram, "seen before" if @seen.key?(key)

        @seen[key] = true
        @seen.shift if @seen.size > MAX_REMEMBERED
      end

      private

      def same?(one, other) = OpenSSL.fixed_length_secure_compare(one, other)
    end
  end
end
