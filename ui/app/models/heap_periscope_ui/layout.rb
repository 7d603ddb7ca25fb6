# frozen_string_literal: true

module HeapPeriscopeUi
  # Which value stands where in a packed frame. Rows never change, so they are kept in memory.
  class Layout < ApplicationRecord
    self.table_name = "heap_periscope_ui_layouts"

    LIMIT = 1_000
    @lists = {}
    @indexes = {}

    class << self
      # Ids mean something else in another database.
      def forget
        @lists.clear
        @indexes.clear
      end

      # @return [Array<String>] names of the values
      def keys_of(id)
        @lists.clear if @lists.size > LIMIT
        @lists[id] ||= JSON.parse(where(id: id).pick(:keys) || "[]")
      end

      # @return [Hash{String=>Integer}] name => position
      def positions(id)
        @indexes.clear if @indexes.size > LIMIT
        @indexes[id] ||= keys_of(id).each_with_index.to_h
      end
    end
  end
end
