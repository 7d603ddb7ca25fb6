# frozen_string_literal: true

module HeapPeriscopeUi
  class Store
    # The numeric sections of a snapshot as one flat frame: names like "gc_stats.count" or "heap_pools.40.live_slots" and whole
    # numbers. Sections that carry fractions are stored in thousandths.
    module Sections
      INTEGER = %w[gc_stats object_space_summary process_memory].freeze
      SCALED = %w[agent_cost census].freeze
      POOL_FIELDS = %w[pages total_slots live_slots].freeze
      # Compared with small integers only, which is fast; what is larger, as a rate over a millisecond can be, is not known.
      LARGEST = (1 << 62) - 1

      module_function

      # @param payload [Hash] of a snapshot
      # @return [Array] what identifies the layout
      def keys(payload)
        cost = payload["agent_cost"]
        [
          payload["gc_stats"]&.keys, payload["object_space_summary"]&.keys, payload["process_memory"]&.keys,
          payload["heap_pools"]&.map { |pool| pool["slot_bytes"] },
          cost && (cost.keys - ["census"]), cost && cost["census"]&.keys
        ]
      end

      # @param keys [Array] from {.keys}
      # @return [Array<String>]
      def names(keys)
        stats, space, memory, pools, cost, census = keys
        [["gc_stats", stats], ["object_space_summary", space], ["process_memory", memory]].flat_map do |section, list|
          prefix(section, list)
        end +
          (pools || []).flat_map { |bytes| POOL_FIELDS.map { |field| "heap_pools.#{bytes}.#{field}" } } +
          prefix("agent_cost", cost) + prefix("census", census)
      end

      # @return [Array<Integer, nil>] in the order of {.names}
      def values(payload)
        flat = []
        INTEGER.each { |section| payload[section]&.each_value { |value| flat << integer(value) } }
        payload["heap_pools"]&.each { |pool| POOL_FIELDS.each { |field| flat << integer(pool[field]) } }
        add_cost(flat, payload["agent_cost"]) if payload["agent_cost"]
        flat
      end

      def add_cost(flat, cost)
        cost.each { |key, value| flat << thousandths(value) unless key == "census" }
        cost["census"]&.each_value { |value| flat << thousandths(value) }
      end

      # @param names [Array<String>]
      # @param values [Array<Integer, nil>]
      # @return [Hash{String=>Hash{String=>Numeric}}] section => key => value, as the agent sent them
      def restore(names, values)
        names.zip(values).each_with_object({}) do |(name, value), sections|
          section, key = name.split(".", 2).push("")
          value = unscale(value) if SCALED.include?(section)
          (sections[section] ||= {})[key] = value
        end
      end

      def prefix(section, keys)
        (keys || []).map { |key| "#{section}.#{key}" }
      end

      def integer(value)
        value unless value.nil? || value.negative? || value > LARGEST
      end

      def thousandths(value)
        case value
        when Integer, Float then integer((value * 1000).round)
        when true then 1000
        when false then 0
        end
      end

      def unscale(value)
        return unless value

        (value % 1000).zero? ? value / 1000 : value / 1000.0
      end
    end
  end
end
