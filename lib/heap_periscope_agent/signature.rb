# frozen_string_literal: true

require "openssl"

module HeapPeriscopeAgent
  # HMAC-SHA-256 of datagrams (RFC 2104), by Ruby's own OpenSSL. docs/wire-format.md says what is signed.
  module Signature
    class << self
      # @param secret [String]
      # @return [OpenSSL::HMAC] what the native side signs with, one datagram after the other
      def hmac(secret)
        OpenSSL::HMAC.new(secret, "SHA256")
      end

      # @param bytes [String] the datagram, with zeros where the signature goes
      # @param secret [String]
      # @return [String] 64 hex digits
      def hexdigest(bytes, secret = HeapPeriscopeAgent.configuration.secret)
        hmac(secret).update(bytes).hexdigest
      end
    end
  end
end
