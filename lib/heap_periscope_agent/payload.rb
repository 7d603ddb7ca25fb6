# frozen_string_literal: true

require "json"

module HeapPeriscopeAgent
  # A snapshot's payload as Ruby sees it. Keys are Symbols, but for those that are data: names of classes.
  module Payload
    NAMED_BY_DATA = [:living_objects_by_class].freeze
    private_constant :NAMED_BY_DATA

    class << self
      # @param json [String] a payload as docs/wire-format.md describes it
      # @return [Hash{Symbol => Object}]
      def parse(json)
        payload = JSON.parse(json, symbolize_names: true, max_nesting: 20)
        NAMED_BY_DATA.each { |section| payload[section]&.transform_keys!(&:to_s) }
        payload
      end

      # @param json [String] an array of rows, or one object
      # @return [Array<Hash{Symbol => Object}>, Hash{Symbol => Object}]
      def rows(json)
        JSON.parse(json, symbolize_names: true, max_nesting: 20)
      end
    end
  end
end
