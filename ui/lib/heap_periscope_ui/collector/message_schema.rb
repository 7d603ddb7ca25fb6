# frozen_string_literal: true

module HeapPeriscopeUi
  module Collector
    # What a message must be before anything is done with it: the envelope here, the payload in {PayloadSchema}. What comes out holds
    # nothing that was not checked.
    module MessageSchema
      include Kinds

      SCHEMA = 1
      PARTS = 256
      SNAPSHOTS = %w[snapshot snapshot_part].freeze

      # Only snapshots are split.
      PARTED = lambda do |message|
        part, parts = message.values_at("part", "parts")
        next if part.nil? && parts.nil?
        raise Refused, "wrong type" unless part && parts && (parts <= 1 || SNAPSHOTS.include?(message["type"]))
        raise Refused, "number out of range" unless part.between?(1, parts) && parts <= PARTS
      end

      TYPE = Text.new(64)
      ENVELOPE = Shapes::Record.new(
        { "type" => TYPE, "process_id" => Whole.new, "service_name" => Line.new(256, /\A[^[:cntrl:]]+\z/), "reported_at" => Text.new(64) },
        "host" => Line.new(256), "instance" => Line.new(64, /\A[\w.-]+\z/), "ruby" => Line.new(64), "agent" => Line.new(64),
        "schema" => Whole.new, "sequence" => Whole.new, "part" => Whole.new, "parts" => Whole.new,
        "interval" => Number.new(0.001, 86_400)
      ).with(PARTED)

      module_function

      # @param message [Hash] taken apart
      # @return [Hash] the same, with what is known of it only
      # @raise [Refused]
      def take(message)
        shape = PayloadSchema::TYPES[TYPE.take(message["type"])] or raise Refused, "unknown type"
        payload = message.delete("payload")
        ENVELOPE.take(message)
        raise Refused, "unknown schema" unless message["schema"].nil? || message["schema"] == SCHEMA

        message["payload"] = shape.take(payload)
        message
      end
    end
  end
end
