# frozen_string_literal: true

module HeapPeriscopeUi
  # Reads the JSON that rows hold. A database may be older than the schema that checks what is stored now, so the same kinds are
  # asked again, and what is not of its kind is left out: a page shows the rest.
  module Stored
    include Collector::Kinds
    include Collector::Shapes

    SCHEMA = Collector::PayloadSchema
    # By kind of event, what {Store::Batch} writes.
    EVENTS = {
      "snapshot" => Record.new({}, "sequence" => SCHEMA::WHOLE, "parts" => SCHEMA::WHOLE, "bytes" => SCHEMA::WHOLE, "census_ms" => SCHEMA::MS),
      "gc" => Record.new({}, "n" => SCHEMA::WHOLE, "ms" => SCHEMA::MS, "pauses" => List.new(SCHEMA::MS), "by" => SCHEMA::WORD, "major" => SCHEMA::WORD,
                             "single" => List.new(SCHEMA::SINGLE_PAUSE)),
      "lost" => Record.new({}, "n" => SCHEMA::WHOLE, "sequence" => SCHEMA::WHOLE),
      "goodbye" => Record.new({}, "reason" => SCHEMA::WORD)
    }.freeze
    SUSPECT = Record.new({}, "sites" => SCHEMA::SUSPECT_SITES, "spans" => SCHEMA::SUSPECT_SPANS, "stack" => SCHEMA::STACK, "sentence" => Text.new)
    LATEST = Record.new({}, "allocation_sampling" => SCHEMA::SAMPLING)

    module_function

    # @param json [String, nil] an object
    # @param shape [Collector::Shapes::Record]
    # @return [Hash{String=>Object}]
    def object(json, shape)
      value = json ? JSON.parse(json) : {}
      value.is_a?(Hash) ? shape.keep(value) : {}
    rescue JSON::ParserError
      {}
    end

    # @param json [String, nil] a stack
    # @return [Array<String>, nil]
    def stack(json)
      object("{\"stack\":#{json}}", SUSPECT)["stack"] if json
    end
  end
end
