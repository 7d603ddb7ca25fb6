# frozen_string_literal: true

module HeapPeriscopeUi
  class Store
    # Writes rows through ActiveRecord: any database.
    class Rows
      SLICE = 500

      # @return [Rows] the way that suits the connection
      def self.for(connection)
        connection.adapter_name.match?(/sqlite/i) ? SqliteRows.new(connection) : new(connection)
      end

      def initialize(connection)
        @connection = connection
      end

      # @param model [Class]
      # @param columns [Array<Symbol>]
      # @param rows [Array<Array>] values in the order of the columns
      def insert(model, columns, rows)
        rows.each_slice(SLICE) { |slice| model.insert_all!(slice.map { |row| columns.zip(row).to_h }) }
      end

      # @param set [Hash{Symbol=>Object}] column => value
      # @param add [Hash{Symbol=>Integer}] column => what is added to it
      def update(model, id, set, add)
        changes = add.to_h { |column, number| [column, Arel.sql("#{column} + #{Integer(number)}")] }
        model.where(id: id).update_all(set.merge(changes))
      end
    end

    # Writes rows through SQLite's own prepared statements, which saves two thirds of the time.
    class SqliteRows < Rows
      # One statement for each text, for as long as the database handle lives.
      class Statements
        # A checkpoint waits for the disk, and the whole process with it: a quarter as often as usual, every 16 MB.
        CHECKPOINT_PAGES = 4_000

        def initialize(database)
          @database = database
          database.wal_autocheckpoint = CHECKPOINT_PAGES
          @prepared = {}
        end

        # @return [Boolean] whether they belong to this handle
        def of?(database)
          @database.equal?(database) && !@database.closed?
        end

        def run(sql, values)
          statement = @prepared[sql] ||= @database.prepare(sql)
          values.each_with_index { |value, index| statement.bind_param(index + 1, value) }
          statement.step
        ensure
          statement&.reset!
        end
      end

      # Texts of updates, by their columns.
      UPDATES = Hash.new do |texts, (table, set, add)|
        columns = set.map { |column| "\"#{column}\" = ?" } + add.map { |column| "#{column} = #{column} + ?" }
        texts[[table, set, add].freeze] = "UPDATE #{table} SET #{columns.join(", ")} WHERE id = ?"
      end

      def initialize(connection)
        super
        database = connection.raw_connection
        @statements = Thread.current[:heap_periscope_ui_statements]
        return if @statements&.of?(database)

        Thread.current[:heap_periscope_ui_statements] = @statements = Statements.new(database)
      end

      def insert(model, columns, rows)
        sql = "INSERT INTO #{model.table_name} (#{columns.join(",")}) VALUES (#{Array.new(columns.size, "?").join(",")})"
        rows.each { |row| run(sql, row) }
      end

      def update(model, id, set, add)
        run(UPDATES[[model.table_name, set.keys, add.keys]], [*set.values, *add.values, id])
      end

      private

      def run(sql, values)
        @statements.run(sql, values)
      rescue SQLite3::BusyException => e
        raise ActiveRecord::StatementTimeout, e.message
      rescue SQLite3::Exception => e
        raise ActiveRecord::StatementInvalid, e.message
      end
    end
  end
end
