# frozen_string_literal: true

require "fileutils"

module HeapPeriscopeUi
  class Store
    # Which database, and that it is ready: connects on first use and creates the tables of an own database. A host application
    # that never opens the dashboard and does not collect gets no connection and no file.
    module Connection
      LOCK = Mutex.new

      class << self
        # @yieldparam connection [ActiveRecord::ConnectionAdapters::AbstractAdapter]
        def with(&block)
          ready!
          ApplicationRecord.connection_pool.with_connection(&block)
        end

        # Connects and creates what is missing, once; again when a host in development has loaded its classes anew.
        # @raise [ConfigurationError] when the tables are missing in a database that is the host's
        def ready!
          return if @ready.equal?(ApplicationRecord)

          LOCK.synchronize do
            next if @ready.equal?(ApplicationRecord)

            connect
            # Types of columns differ between databases.
            ApplicationRecord.descendants.each(&:reset_column_information) if @changed
            ApplicationRecord.connection_pool.with_connection { |connection| check_schema(connection) }
            @ready = ApplicationRecord
          end
        end

        # Forgets the connection, as after a change of configuration.
        def reset!
          LOCK.synchronize do
            ApplicationRecord.remove_connection if @own
            Layout.forget
            @changed = true
            @ready = nil
            @own = false
          end
        end

        # @return [Boolean] whether the tables are ours to create
        def own?
          HeapPeriscopeUi.configuration.database != :host
        end

        # @return [Hash] what another process connects with to the same database
        def configuration_hash
          ready!
          ApplicationRecord.connection_db_config.configuration_hash
        end

        # @return [String] without credentials, for people
        def description
          ready!
          config = ApplicationRecord.connection_db_config.configuration_hash
          return config[:database].to_s if config[:adapter].to_s.include?("sqlite")

          "#{config[:adapter]} #{config[:database] || config[:url].to_s[%r{[^/@]+/[^/?]+\z}]}"
        end

        private

        def connect
          config = HeapPeriscopeUi.configuration
          if config.connects_to
            ApplicationRecord.connects_to(**config.connects_to)
          elsif own?
            ApplicationRecord.establish_connection(database_config(config.database))
            @own = true
          end
        end

        def database_config(database)
          return database if database.is_a?(Hash)
          return { url: database } if database&.include?("://")

          need_sqlite
          file = File.expand_path(database || default_file)
          FileUtils.mkdir_p(File.dirname(file))
          { adapter: "sqlite3", database: file, timeout: 10_000, pool: 10 }
        end

        # No dependency of this gem: an application on PostgreSQL must not install it for nothing.
        def need_sqlite
          require "sqlite3"
        rescue LoadError
          raise ConfigurationError, "heap_periscope_ui stores in an SQLite file unless told otherwise, and the gem sqlite3 is not there: " \
                                    "add `gem \"sqlite3\"`, or set config.database to :host or a postgresql:// URL"
        end

        def default_file
          root = defined?(::Rails) && ::Rails.root ? ::Rails.root.to_s : Dir.pwd
          File.join(root, "storage", "heap_periscope.sqlite3")
        end

        def check_schema(connection)
          return if connection.table_exists?("#{Schema::PREFIX}meta")

          unless own?
            raise ConfigurationError, "the tables of heap_periscope_ui are missing in this database; run " \
                                      "`rails generate heap_periscope_ui:install --database host` and `rails db:migrate`"
          end
          ActiveRecord::Migration.suppress_messages { connection.transaction { Schema.create(connection) } }
        rescue ActiveRecord::StatementInvalid
          # Two processes may create the tables at the same moment: then the other one has.
          raise unless connection.table_exists?("#{Schema::PREFIX}meta")
        end
      end
    end
  end
end
