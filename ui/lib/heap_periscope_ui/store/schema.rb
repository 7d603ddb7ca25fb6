# frozen_string_literal: true

module HeapPeriscopeUi
  class Store
    # The tables, for SQLite and PostgreSQL alike: made and changed by the numbered migrations in db/migrate of this gem, which are never changed
    # themselves. In a database of its own the dashboard runs them when it connects first; in the host's they are copied by
    # `heap_periscope_ui:install:migrations` and run by `db:migrate`. Each notes its number in the table `meta`.
    module Schema
      PREFIX = "heap_periscope_ui_"
      FOLDER = File.expand_path("../../../db/migrate", __dir__)
      KEY = "schema"
      # Of the advisory lock that PostgreSQL holds while the tables are changed.
      LOCK = 0x68655065

      Step = Struct.new(:number, :file, :class_name) do
        # @return [Class]
        def migration
          require file
          Object.const_get(class_name)
        end
      end
      STEPS = Dir[File.join(FOLDER, "*.rb")].map do |file|
        stamp, name = File.basename(file, ".rb").split("_", 2)
        Step.new(stamp.last(6).to_i, file, name.camelize)
      end.freeze
      VERSION = STEPS.last.number
      # What this code can do with; later ones only make it faster.
      LEAST = 1

      module_function

      # Brings the tables up to date, in a database of our own.
      def migrate(connection)
        return if version(connection) == VERSION

        ActiveRecord::Migration.suppress_messages do
          connection.transaction do
            lock(connection)
            STEPS.select { |step| step.number > version(connection) }.each { |step| step.migration.new.exec_migration(connection, :up) }
          end
        end
      end

      # @return [Integer] 0 where there are no tables; 1 where an older gem made them, which kept no number
      # @raise [ConfigurationError] for a database of a newer gem
      def version(connection)
        return 0 unless connection.table_exists?("#{PREFIX}meta")

        found = (connection.select_value("SELECT value FROM #{PREFIX}meta WHERE #{connection.quote_column_name("key")} = '#{KEY}'") || 1).to_i
        return found if found <= VERSION

        raise ConfigurationError, "this database was written by a newer heap_periscope_ui (its tables have version #{found}, this one knows #{VERSION}); " \
                                  "update the gem, or give this one another database"
      end

      # Creates the tables as they were first. Migrations that the install generator of 1.0.0 copied call this.
      # @param connection [ActiveRecord::ConnectionAdapters::AbstractAdapter]
      def create(connection)
        STEPS.first.migration.new.exec_migration(connection, :up)
      end

      # See {.create}.
      def drop(connection)
        tables(connection).each { |table| connection.drop_table(table) }
      end

      def tables(connection)
        connection.tables.select { |table| table.start_with?(PREFIX) }
      end

      # Two processes may begin at the same moment.
      def lock(connection)
        if connection.adapter_name.match?(/sqlite/i)
          connection.execute("CREATE TABLE IF NOT EXISTS #{PREFIX}lock (id integer)")
          connection.execute("DROP TABLE #{PREFIX}lock")
        else
          connection.execute("SELECT pg_advisory_xact_lock(#{LOCK})")
        end
      end
    end
  end
end
