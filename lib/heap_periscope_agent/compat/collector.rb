# frozen_string_literal: true

module HeapPeriscopeAgent
  # Collecting by hand, under the names and in the shapes of version 0.3.0.
  class Collector
    UNITS = %w[B KB MB GB TB].freeze
    private_constant :UNITS

    class << self
      # @param detailed_mode [Boolean] also count by class
      # @return [Hash] `:gc_stats` as GC.stat, `:object_space_summary` as ObjectSpace.count_objects, and when detailed
      #   `:living_objects_by_class` (`{"Order" => {count:, is_platform_class:, bytes:}}`)
      def collect_snapshot(detailed_mode = false) # rubocop:disable Style/OptionalBooleanParameter -- 0.3.0's signature
        HeapPeriscopeAgent.snapshot(detailed: detailed_mode)
                          .slice(:gc_stats, :object_space_summary, :living_objects_by_class)
      end

      # @param limit [Integer] classes at most
      # @return [Array<Hash>] `{name:, type: "native" | "application", count:, size: "12.00 KB", bytes:}`,
      #   by descending count
      def collect_detailed_living_objects_for_span(limit)
        HeapPeriscopeAgent.census(limit: limit).map do |row|
          row.slice(:name, :type, :count).merge(size: human_readable_bytes(row[:bytes]), bytes: row[:bytes])
        end
      end

      # @param bytes [Integer]
      # @return [String] in steps of 1024, two decimals: "12.00 KB"
      def human_readable_bytes(bytes)
        return "0 B" if bytes.zero?

        step = [(Math.log(bytes) / Math.log(1024)).floor, UNITS.size - 1].min
        format("%<figure>.2f %<unit>s", figure: bytes.fdiv(1024**step), unit: UNITS[step])
      end
    end
  end
end
