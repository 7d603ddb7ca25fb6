# frozen_string_literal: true

require "net/http"
require "openssl"
require "timeout"
require "uri"

module HeapPeriscopeUi
  module Alerts
    # Posts alerts as JSON to an address, signed, so that the receiver knows who sent them and when.
    class Webhook
      TIMEOUT_S = 5
      # For everything, a body that never ends included.
      LONGEST_S = 20
      SECRET_BYTES = 16
      # The receiver has not got it for certain.
      NOT_SENT = [Net::OpenTimeout, SocketError, OpenSSL::SSL::SSLError, Errno::ECONNREFUSED, Errno::EHOSTUNREACH, Errno::ENETUNREACH,
                  Errno::EADDRNOTAVAIL].freeze

      # @return [String] tells it from other targets, without what the address may hold of passwords
      attr_reader :id

      # @param url [String] http:// or https://
      # @param secret [String] 16 bytes or more
      # @raise [ConfigurationError]
      def initialize(url:, secret:)
        @uri = parse(url)
        unless secret.is_a?(String) && secret.bytesize >= SECRET_BYTES
          raise ConfigurationError, "on_alert needs a secret of #{SECRET_BYTES} bytes or more beside the url, with which the receiver checks the signature"
        end

        @secret = secret
        @id = "webhook #{Digest::SHA256.hexdigest(url)[0, 16]}"
        @complaints = Complaints.new("send an alert to #{@uri.host}")
      end

      # The secret must not reach a log.
      def inspect
        "#<#{self.class} #{@uri.host}>"
      end

      # @param alert [Hash]
      # @return [Boolean] false where the receiver has not got it for certain: then it makes sense to try again
      def deliver(alert)
        status = Timeout.timeout(LONGEST_S) { post(JSON.generate(alert), Time.now.to_i.to_s) }
        return true if status.between?(200, 299)

        @complaints.log(Error.new("the answer was #{status}"))
        false
      rescue *NOT_SENT => e
        @complaints.log(e)
        false
      rescue StandardError => e
        @complaints.log(e) # it may have arrived: an alert that comes twice is worse than one that may be missing for an hour
        true
      end

      # @return [String] what a receiver compares X-Heap-Periscope-Signature with
      def self.signature(secret, timestamp, body)
        "sha256=#{OpenSSL::HMAC.hexdigest("SHA256", secret, "#{timestamp}.#{body}")}"
      end

      private

      def parse(url)
        uri = URI.parse(url.to_s)
        return uri if uri.is_a?(URI::HTTP) && uri.host.present?

        raise ConfigurationError, "on_alert takes an address that begins with http:// or https://"
      rescue URI::InvalidURIError
        raise ConfigurationError, "on_alert takes an address that begins with http:// or https://"
      end

      # @return [Integer] HTTP status
      def post(body, timestamp)
        request = Net::HTTP::Post.new(@uri.request_uri, headers(body, timestamp))
        request.basic_auth(*[@uri.user, @uri.password].map { |part| URI.decode_www_form_component(part.to_s) }) if @uri.user
        request.body = body
        options = { use_ssl: @uri.scheme == "https", open_timeout: TIMEOUT_S, ssl_timeout: TIMEOUT_S, read_timeout: TIMEOUT_S,
                    write_timeout: TIMEOUT_S, max_retries: 0 }
        Net::HTTP.start(@uri.hostname, @uri.port, options) { |http| http.request(request).code.to_i }
      end

      def headers(body, timestamp)
        { "Content-Type" => "application/json", "User-Agent" => "heap_periscope_ui/#{VERSION}", "X-Heap-Periscope-Timestamp" => timestamp,
          "X-Heap-Periscope-Signature" => self.class.signature(@secret, timestamp, body) }
      end
    end
  end
end
