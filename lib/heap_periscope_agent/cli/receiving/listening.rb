# frozen_string_literal: true

require_relative "receiver"

module HeapPeriscopeAgent
  module CLI
    # The options of commands that listen for reports.
    module Listening
      DEFAULT_HOST = "127.0.0.1"
      DEFAULT_PORT = 9000

      private

      def define_listening(parser)
        @host = DEFAULT_HOST
        @port = DEFAULT_PORT
        @secrets = []
        parser.on("--port PORT", "the UDP port (#{DEFAULT_PORT})") { |text| @port = read_port(text) }
        parser.on("--host ADDRESS", "the address to listen on (#{DEFAULT_HOST})") { |text| @host = text }
        parser.on("--secret-env VARIABLE", "take only reports signed with the secret in that variable;",
                  "may be given twice while a secret is replaced") { |variable| @secrets << read_secret(variable) }
        parser.on("--allow-unsigned", "believe other machines without a secret") { @unsigned = true }
      end

      # @return [Receiver]
      def open_receiver
        require_relative "signature" if @secrets.any?
        signature = Signature.new(@secrets) if @secrets.any?
        Receiver.new(@host, @port, signature: signature, unsigned: @unsigned)
      end

      def read_port(text)
        port = Integer(text, 10, exception: false)
        return port if port&.between?(0, 65_535)

        raise UsageError, "--port takes a number from 0 (any that is free) to 65535, not #{Text.clean(text)}"
      end

      def read_secret(variable)
        secret = @env[variable].to_s
        raise UsageError, "the variable #{Text.clean(variable)} is not set" if secret.empty?
        raise UsageError, "the secret in #{Text.clean(variable)} is shorter than 16 bytes" if secret.bytesize < 16

        secret
      end
    end
  end
end
