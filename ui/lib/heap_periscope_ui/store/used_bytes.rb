# frozen_string_literal: true

module HeapPeriscopeUi
  class Store
    # Bytes that rows take, which is less than what the database holds on disk: room that deleted rows left is used again.
    module UsedBytes
      # Rows whose mean stands for a table.
      SAMPLE = 200
      # Heads of a row and its entries in indexes.
      OVERHEAD = 100

      module_function

      # @param connection [ActiveRecord::ConnectionAdapters::AbstractAdapter]
      # @return [Integer]
      def of(connection)
        connection.adapter_name.match?(/sqlite/i) ? sqlite(connection) : postgresql(connection)
      end

      def sqlite(connection)
        pages, free, size = %w[page_count freelist_count page_size].map { |name| connection.select_value("PRAGMA #{name}").to_i }
        (pages - free) * size
      end

      # The server knows about how many rows live; its files only grow until somebody rewrites them.
      def postgresql(connection)
        rows = connection.select_rows("SELECT relname, n_live_tup FROM pg_stat_user_tables WHERE relname LIKE 'heap\\_periscope\\_ui\\_%'")
        rows.sum do |table, live|
          next 0 if live.to_i.zero?

          mean = connection.select_value("SELECT AVG(pg_column_size(t.*)) FROM (SELECT * FROM #{table} ORDER BY id DESC LIMIT #{SAMPLE}) t")
          (live.to_i * (mean.to_f + OVERHEAD)).round
        end
      end
    end
  end
end
