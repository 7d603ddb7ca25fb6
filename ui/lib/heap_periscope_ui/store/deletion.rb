# frozen_string_literal: true

module HeapPeriscopeUi
  class Store
    # Deleting in two steps: marking is immediate, the rows go in small transactions by whoever does the housekeeping.
    module Deletion
      # What one statement deletes: others wait for its end.
      SLICE = 250
      TOGETHER = 50
      TABLES = [*Levels::ALL.map(&:table), "heap_periscope_ui_events", "heap_periscope_ui_span_censuses",
                "heap_periscope_ui_leak_suspects"].freeze

      module_function

      # Hides processes at once. A process that still reports appears again, as a new one.
      # @param scope [ActiveRecord::Relation<ObservedProcess>]
      # @return [Integer] how many
      def mark(scope, now = Timestamps.now)
        scope.update_all(["deleted_at = ?, instance = 'deleted:' || id", now])
      end

      # Removes a slice of the rows of what is marked, of several processes at once.
      # @return [Integer] rows removed; 0 when nothing is left
      def purge(connection, slice: SLICE)
        ids = ObservedProcess.unscoped.where.not(deleted_at: nil).order(:deleted_at).limit(TOGETHER).ids
        return 0 if ids.empty?

        removed = TABLES.sum { |table| delete_slice(connection, table, "process_id IN (#{ids.join(",")})", slice) }
        removed.zero? ? ObservedProcess.unscoped.where(id: ids).delete_all : removed
      end

      # @param condition [String] SQL
      # @return [Integer] rows removed
      def delete_slice(connection, table, condition, slice = SLICE)
        connection.delete("DELETE FROM #{table} WHERE id IN (SELECT id FROM #{table} WHERE #{condition} LIMIT #{slice.to_i})")
      end
    end
  end
end
