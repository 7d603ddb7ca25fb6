# frozen_string_literal: true

module HeapPeriscopeAgent
  # Living objects that the caller counted itself, as code written for 0.3.0 does after a span.
  module SpanReport
    UNITS = { "B" => 0, "KB" => 1, "MB" => 2, "GB" => 3, "TB" => 4 }.freeze
    LARGEST = (2**60)
    MAX_CLASSES = 1000
    private_constant :UNITS, :LARGEST, :MAX_CLASSES

    class << self
      # @param type [String, Symbol] "controller", "model", "job", "task", "custom" or the caller's own
      # @param name [String, Symbol]
      # @param objects [Array<Hash>] `{ name:, type: "native" | "application", count:, size: "12.00 KB", bytes: }`,
      #   of which `bytes` or `size` may be missing; entries of another form are left out
      # @return [nil]
      def add(type, name, objects)
        classes = Array(objects).first(MAX_CLASSES).filter_map { |object| row(object) }
        Native.spans_add_report(type, name, classes)
      end

      private

      def row(object)
        return unless object.is_a?(Hash) && object[:name]

        [object[:name].to_s, object[:type].to_s == "native", whole(object[:count]),
         whole(object[:bytes] || bytes_of(object[:size]))]
      end

      def whole(number)
        number.is_a?(Integer) ? number.clamp(0, LARGEST) : 0
      end

      def bytes_of(size)
        number, unit = size.to_s.split
        (number.to_f * (1024**UNITS.fetch(unit, 0))).round
      end
    end
  end
end
