# frozen_string_literal: true

module HeapPeriscopeUi
  class Store
    # Removes layouts that no row has any more, once there are many. Rows know layouts and not the other way round, so all that have
    # details are read, a slice of ids at a time.
    class LayoutSweep
      # From where it is worth it.
      MANY = Layouts::LIMIT / 2
      ROWS = 20_000
      TABLES = [Levels::RAW, Levels::TEN_MINUTES, Levels::TWO_HOURS].map(&:table).freeze

      def self.due?
        Layout.count >= MANY
      end

      # @param more [Integer] what {#call} answers while there is more to do
      # @param store [Store, nil] whose caches forget what has gone
      def initialize(more, store)
        @more = more
        @store = store
        @used = {}
        @newest = Layout.maximum(:id) || 0
        @tables = TABLES.dup
        @from = 0
      end

      # @return [Integer] as jobs of {Retention} do
      def call(connection)
        return finish if @tables.empty?

        last = connection.select_value("SELECT MAX(id) FROM #{@tables.first}").to_i
        ids = connection.select_values("SELECT DISTINCT layout_id FROM #{@tables.first} WHERE id > #{@from} AND id <= #{@from + ROWS} AND layout_id IS NOT NULL")
        ids.each { |id| @used[id.to_i] = true }
        @from += ROWS
        next_table if @from >= last
        @more
      end

      private

      def next_table
        @tables.shift
        @from = 0
      end

      # What came meanwhile is left alone.
      def finish
        gone = Layout.where(id: ..@newest).ids.reject { |id| @used[id] }
        gone.each_slice(500) { |slice| Layout.where(id: slice).delete_all }
        @store&.reset
        0
      end
    end
  end
end
