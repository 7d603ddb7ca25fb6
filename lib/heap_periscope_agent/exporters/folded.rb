# frozen_string_literal: true

module HeapPeriscopeAgent
  module Exporters
    # Allocations as folded stacks, the input of flame graph tools: "outermost;…;innermost;Class count", one line a stack.
    class Folded
      # @param rows [Array<Hash>] of HeapPeriscopeAgent.allocation_stacks or allocation_sites
      def initialize(rows)
        @rows = rows
      end

      # @return [String]
      def to_s
        sums = Hash.new(0)
        @rows.each { |row| sums[line(row)] += row.fetch(:objects) }
        sums.map { |stack, objects| "#{stack} #{objects}\n" }.join
      end

      private

      # A semicolon separates, a newline ends: neither may be in a name.
      def line(row)
        names = (row[:stack] || []).reverse + [row.fetch(:class_name)]
        names.map { |name| name.tr(";\n\r", ":  ") }.join(";")
      end
    end
  end
end
