# frozen_string_literal: true

require "fileutils"

module HeapPeriscopeUi
  class Store
    # Which database, and that it is ready: connects on first use and creates the tables of an own database. A host application
    # that never opens the dashboard and does not collect gets no connection and no file.
    module Connection
      LOCK = Mutex.new
      @opened = 0

      class << self
        # @yieldparam connection [ActiveRecord::ConnectionAdapters::AbstractAdapter]
        def with(&block)
          ready!
          ApplicationRecord.connection_pool.with_connection(&block)
        end

        # @return [Integer] how many files were opened: another one than before has nothing of what was read from that
        attr_reader :opened

        # Connects and creates what is missing, once; again when a host in development has loaded its classes anew, and when the file of
        # an own database is no longer the one that was opened.
        # @raise [ConfigurationError] when the tables are missing in a database that is the host's
        def ready!
          reopen if @file&.replaced?
          return if ready?

          LOCK.synchronize do
            next if ready?

            connect unless @ready.equal?(ApplicationRecord)
            make_patient(@pool = ApplicationRecord.connection_pool)
            # Types of columns differ between databases.
            ApplicationRecord.descendants.each(&:reset_column_information) if @changed
            ApplicationRecord.connection_pool.with_connection { |connection| check_schema(connection) }
            @file = own_file
            @ready = ApplicationRecord
          end
        end

        # @return [Boolean] whether the host's database is an SQLite file
        # @api private
        def host_sqlite?
          sqlite?(ActiveRecord::Base.connection_db_config.configuration_hash)
        rescue ActiveRecord::ConnectionNotEstablished, ActiveRecord::AdapterNotSpecified
          false
        end

        # Forgets the connection, as after a change of configuration.
        def reset!
          LOCK.synchronize do
            ApplicationRecord.remove_connection if @own
            Layout.forget
            @changed = true
            @ready = @pool = @file = nil
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
          absolute(ApplicationRecord.connection_db_config.configuration_hash)
        end

        # @return [String] without credentials, for people
        def description
          ready!
          config = ApplicationRecord.connection_db_config.configuration_hash
          return config[:database].to_s if sqlite?(config)

          "#{config[:adapter]} #{config[:database] || config[:url].to_s[%r{[^/@]+/[^/?]+\z}]}"
        end

        private

        # @param config [Hash] as in `database.yml`
        def sqlite?(config)
          config[:adapter].to_s.include?("sqlite")
        end

        # Rails takes a relative name for one below the application's folder; another process has another.
        def absolute(config)
          file = config[:database].to_s
          return config unless sqlite?(config) && !file.match?(/\A(:memory:|file:|\z)/)

          config.merge(database: File.expand_path(file, ::Rails.root.to_s))
        end

        def reopen
          LOCK.synchronize do
            return unless (file = @file)

            @file = nil
            @opened += 1
            HeapPeriscopeUi.logger.warn("heap_periscope_ui: #{file.path} was removed or replaced while it was open; it is opened anew")
          end
          reset!
        end

        # @return [DatabaseFile, nil] nil where the connections are the host's, or to no file
        def own_file
          return unless @own && sqlite?(ApplicationRecord.connection_db_config.configuration_hash)

          file = absolute(ApplicationRecord.connection_db_config.configuration_hash)[:database].to_s
          DatabaseFile.new(file) if File.file?(file)
        end

        # A fork of the process has pools of its own.
        def ready?
          @ready.equal?(ApplicationRecord) && @pool.equal?(ApplicationRecord.connection_pool)
        end

        def make_patient(pool)
          return if pool.equal?(ActiveRecord::Base.connection_handler.retrieve_connection_pool("ActiveRecord::Base"))

          pool.extend(ShortWrites::PatientPool) if sqlite?(pool.db_config.configuration_hash)
        end

        def connect
          config = HeapPeriscopeUi.configuration
          if config.connects_to
            ApplicationRecord.connects_to(**config.connects_to)
          elsif own?
            ApplicationRecord.establish_connection(database_config(config.database))
            @own = true
          elsif (file = host_file)
            ApplicationRecord.establish_connection(file)
            @own = true
          end
        end

        # The host's database where it is an SQLite file: with connections of our own to it, whose way to wait for its lock is ours.
        # @return [Hash, nil]
        def host_file
          config = ActiveRecord::Base.connection_db_config.configuration_hash
          return unless sqlite?(config) && !config[:database].to_s.match?(/\A\z|:memory:|mode=memory/)

          config.merge(pool: [config[:pool].to_i, 10].max)
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
          return Schema.migrate(connection) if own?

          version = Schema.version(connection)
          return if version == Schema::VERSION

          advice = "run `bin/rails heap_periscope_ui:install:migrations` and `bin/rails db:migrate`"
          raise ConfigurationError, "the tables of heap_periscope_ui are missing in this database; #{advice}" if version < Schema::LEAST

          HeapPeriscopeUi.logger.warn("heap_periscope_ui: its tables in this database have version #{version} of #{Schema::VERSION}; #{advice}")
        end
      end
    end
  end
end
