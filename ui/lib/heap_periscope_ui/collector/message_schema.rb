# frozen_string_literal: true

module HeapPeriscopeUi
  module Collector
    # What a message must be before anything is done with it. Keys that are not known are left alone and not stored.
    module MessageSchema
      SCHEMA = 1
      TYPES = %w[snapshot snapshot_part gc_profiler_report goodbye].freeze
      PARTS = 256
      # Longest of each, in bytes.
      LINES = { "service_name" => 256, "host" => 256, "instance" => 64, "ruby" => 64, "agent" => 64 }.freeze

      module_function

      # @param message [Hash]
      # @raise [Refused]
      def check(message)
        Checks.text(message["type"])
        raise Refused, "unknown type" unless TYPES.include?(message["type"])

        envelope(message)
        Checks.object(message["payload"])
        case message["type"]
        when "snapshot", "snapshot_part" then PayloadSchema.snapshot(message["payload"],
                                                                     whole: message["type"] == "snapshot")
        when "gc_profiler_report" then PayloadSchema.gc_report(message["payload"])
        when "goodbye" then PayloadSchema.goodbye(message["payload"])
        end
      end

      def envelope(message)
        Checks.whole(message["process_id"])
        LINES.each { |key, limit| Checks.line(message[key], limit) unless message[key].nil? }
        Checks.name(message["service_name"])
        Checks.text(message["reported_at"], 64)
        raise Refused, "unknown schema" unless message["schema"].nil? || message["schema"] == SCHEMA

        numbers(message)
      end

      def numbers(message)
        Checks.whole(message["sequence"]) if message.key?("sequence")
        interval(message["interval"])
        part, parts = message.values_at("part", "parts")
        return if part.nil? && parts.nil?

        [part, parts].each { |value| Checks.whole(value) }
        raise Refused, "number out of range" unless part.between?(1, parts) && parts <= PARTS
      end

      def interval(value)
        return if value.nil?

        Checks.number(value)
        raise Refused, "number out of range" unless value.positive? && value <= 86_400
      end
    end
  end
end
