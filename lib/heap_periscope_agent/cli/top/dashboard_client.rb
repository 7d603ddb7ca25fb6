# frozen_string_literal: true

require "json"
require "net/http"
require "uri"
require_relative "../command"

module HeapPeriscopeAgent
  module CLI
    class Top < Command
      # Asks the JSON interface of a dashboard.
      class DashboardClient
        TIMEOUT_S = 5
        MAX_BYTES = 8 * 1024 * 1024
        private_constant :TIMEOUT_S, :MAX_BYTES

        # @param url [String] may hold a user and a password
        # @raise [UsageError] when that is no address
        def initialize(url)
          @base = URI.parse(url.delete_suffix("/"))
          unless @base.is_a?(URI::HTTP) && @base.host
            raise UsageError,
                  "--url takes http://… or https://…, not #{Text.clean(url)}"
          end
        rescue URI::InvalidURIError
          raise UsageError, "--url takes http://… or https://…, not #{Text.clean(url)}"
        end

        # @return [String] the address without user and password
        def place = Text.clean("#{@base.hostname}:#{@base.port}#{@base.path}")

        # @return [Array<Hash>]
        # @raise [Failure]
        def processes = list(get("/api/v1/processes"), "processes")

        # @param id [String]
        # @return [Array<Hash>]
        # @raise [Failure]
        def classes(id) = list(get("/api/v1/processes/#{URI.encode_www_form_component(id)}/classes"), "classes")

        private

        def list(answer, key)
          list = answer[key] if answer.is_a?(Hash)
          raise Failure, "#{place} answered something else than #{key}" unless list.is_a?(Array)

          list.grep(Hash)
        end

        def get(path)
          request = Net::HTTP::Get.new("#{@base.path}#{path}", "Accept" => "application/json")
          if @base.user
            request.basic_auth(*[@base.user, @base.password].map do |text|
              URI.decode_www_form_component(text.to_s)
            end)
          end
          JSON.parse(body_of(request), max_nesting: 16)
        rescue JSON::ParserError
          raise Failure, "#{place} did not answer with JSON"
        rescue SystemCallError, SocketError, IOError, Timeout::Error, OpenSSL::SSL::SSLError, Net::HTTPBadResponse => e
          raise Failure, "#{place} cannot be asked: #{Text.clean(e.message)}"
        end

        def body_of(request)
          options = { use_ssl: @base.scheme == "https", open_timeout: TIMEOUT_S, read_timeout: TIMEOUT_S }
          Net::HTTP.start(@base.hostname, @base.port, **options) do |http|
            http.request(request) do |response|
              refuse(response) unless response.is_a?(Net::HTTPOK)

              return read(response)
            end
          end
        end

        def refuse(response)
          hint = { "404" => ": is the dashboard mounted there?", "401" => ": give --url http://USER:PASSWORD@…",
                   "403" => ": it does not let us in" }[response.code]
          raise Failure, "#{place} answered #{response.code}#{hint}"
        end

        def read(response)
          body = +""
          response.read_body do |chunk|
            body << chunk
            raise Failure, "#{place} answered too much" if body.bytesize > MAX_BYTES
          end
          body.force_encoding(Encoding::UTF_8).scrub
        end
      end
    end
  end
end
