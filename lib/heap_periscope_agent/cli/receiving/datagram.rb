# frozen_string_literal: true

require "json"
require "time"
require_relative "../../errors"
require_relative "fields"

module HeapPeriscopeAgent
  module CLI
    # A datagram that is not one of ours; the message says why.
    class RefusedDatagram < Error
    end

    # One report, or a part of one, as it came in; see docs/wire-format.md. Messages of version 0.3.0 lack instance,
    # sequence, part and parts.
    class Datagram
      TYPES = %w[snapshot snapshot_part gc_profiler_report goodbye].freeze
      MAX_NESTING = 16
      MAX_PARTS = 8192
      private_constant :MAX_NESTING, :MAX_PARTS

      # @param bytes [String] what came in
      # @param received_at [Time]
      # @param from [String] the sender's address
      # @raise [RefusedDatagram]
      def self.parse(bytes, received_at:, from:)
        text = bytes.dup.force_encoding(Encoding::UTF_8)
        raise RefusedDatagram, "not UTF-8" unless text.valid_encoding?

        new(JSON.parse(text, max_nesting: MAX_NESTING), received_at: received_at, from: from, bytesize: bytes.bytesize)
      rescue JSON::ParserError
        raise RefusedDatagram, "not JSON"
      end

      # @return [Hash] the whole of it
      attr_reader :document
      # @return [Integer] how large it was, 0 when that is not known
      attr_reader :bytesize
      attr_reader :received_at, :from, :type, :process_id, :service_name, :payload, :host, :instance, :sequence, :part,
                  :parts, :interval, :ruby

      # @param document [Object] parsed JSON
      # @raise [RefusedDatagram] when it is no report
      def initialize(document, received_at:, from:, bytesize: 0)
        raise RefusedDatagram, "not an object" unless document.is_a?(Hash)

        @document = document
        @received_at = received_at
        @from = from
        @bytesize = bytesize
        read_original
        read_added
      end

      # @return [String] who sent it: the instance, or the process id at its address
      def source = instance || "#{process_id}@#{host || from[/\A(.*):\d+\z/, 1] || from}"

      # @return [Time, nil] when the report was made
      def reported_at
        Time.iso8601(document["reported_at"])
      rescue ArgumentError, TypeError
        nil
      end

      # @return [Datagram] a copy with another payload: that of all its parts
      def with_payload(payload)
        whole = document.merge("payload" => payload, "type" => type.delete_suffix("_part"))
        Datagram.new(whole, received_at: received_at, from: from)
      end

      private

      def read_original
        @type = document["type"]
        raise RefusedDatagram, "of an unknown type" unless TYPES.include?(type)

        @process_id = Fields.count(document, "process_id") or raise RefusedDatagram, "without a process id"
        @payload = document["payload"]
        raise RefusedDatagram, "without a payload" unless payload.is_a?(Hash)

        @service_name = Fields.text(document, "service_name") || "?"
      end

      def read_added
        @host = Fields.text(document, "host")
        @instance = Fields.text(document, "instance")
        @sequence = Fields.count(document, "sequence")
        @part = Fields.count(document, "part") || 1
        @parts = Fields.count(document, "parts") || 1
        raise RefusedDatagram, "of impossible parts" unless part.between?(1, parts) && parts <= MAX_PARTS

        @interval = Fields.number(document, "interval")
        @ruby = Fields.text(document, "ruby", limit: 16)
      end
    end
  end
end
