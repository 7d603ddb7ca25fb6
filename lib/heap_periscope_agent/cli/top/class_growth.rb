# frozen_string_literal: true

require_relative "../command"
require_relative "../receiving/fields"
require_relative "rows"

module HeapPeriscopeAgent
  module CLI
    class Top < Command
      # Living objects of one process by class, with what has been added since the first census seen. Without censuses
      # by class, the counts by type that every snapshot has.
      class ClassGrowth
        MAX_CLASSES = 500
        MAX_REMEMBERED = 1000
        KINDS = { true => "platform", false => "app" }.freeze
        private_constant :MAX_CLASSES, :MAX_REMEMBERED, :KINDS

        # @return [Array<ClassRow>]
        attr_reader :rows
        # @return [:class, :type, nil]
        attr_reader :by
        # @return [Time, nil] when the first one came
        attr_reader :since

        def initialize
          @rows = []
          @first = {}
        end

        # @param payload [Hash] of a snapshot
        # @param at [Time]
        def update(payload, at)
          classes = Fields.hash(payload, "living_objects_by_class")
          return replace(:class, read_classes(classes), at) if classes.any?

          types = Fields.hash(payload, "object_space_summary")
          replace(:type, read_types(types), at) if types.any? && by != :class
        end

        private

        # A process whose censuses were switched on starts over: classes and types are not to be compared.
        def replace(by, entries, at)
          unless @by == by
            @by = by
            @since = at
            @first = {}
          end
          @rows = entries.map { |name, kind, count, bytes| row(name, kind, count, bytes) }
        end

        def row(name, kind, count, bytes)
          @first[name] = [count, bytes] if !@first.key?(name) && @first.size < MAX_REMEMBERED
          first_count, first_bytes = @first[name]
          ClassRow.new(name: name, kind: kind, objects: count, bytes: bytes,
                       objects_delta: first_count && (count - first_count),
                       bytes_delta: bytes && first_bytes && (bytes - first_bytes))
        end

        def read_classes(classes)
          classes.first(MAX_CLASSES).filter_map do |name, entry|
            next unless entry.is_a?(Hash) && (count = Fields.count(entry, "count"))

            [Text.clean(name), KINDS.fetch(entry["is_platform_class"], ""), count, Fields.count(entry, "bytes")]
          end
        end

        def read_types(types)
          types.first(MAX_CLASSES).filter_map do |name, _|
            count = Fields.count(types, name)
            [Text.clean(name), "", count, nil] if count && name.start_with?("T_")
          end
        end
      end
    end
  end
end
