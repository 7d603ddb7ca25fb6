# frozen_string_literal: true

module HeapPeriscopeUi
  class Store
    # The tables, for SQLite and PostgreSQL alike. Used by the store on first use and by the migration the install generator
    # copies. All times are unix milliseconds (bigint), UTC.
    module Schema
      VERSION = 1
      PREFIX = "heap_periscope_ui_"

      module_function

      # Creates what is missing; safe to call twice.
      # @param connection [ActiveRecord::ConnectionAdapters::AbstractAdapter]
      def create(connection)
        create_names(connection)
        create_processes(connection)
        Levels::ALL.each { |level| create_level(connection, level) }
        create_events(connection)
        Findings.create(connection)
        create_collectors(connection)
        create_meta(connection)
      end

      def drop(connection)
        tables(connection).each { |table| connection.drop_table(table) }
      end

      def tables(connection)
        connection.tables.select { |table| table.start_with?(PREFIX) }
      end

      def create_names(connection)
        # Class, span, path and method names. `used_on`: day number of the latest use, for retention.
        table(connection, "names") do |t|
          t.text :text, null: false
          t.integer :used_on, null: false
          t.index :text, unique: true
        end
        # Which value stands where in a packed frame of GC.stat and the like.
        table(connection, "layouts") do |t|
          t.string :digest, null: false, limit: 64
          t.text :keys, null: false
          t.index :digest, unique: true
        end
      end

      def create_processes(connection)
        # kind 0: a process (one life of it). kind 1: the sum of all processes of a service.
        table(connection, "processes") do |t|
          t.integer :kind, null: false, limit: 2, default: 0
          t.text :service_name, null: false
          t.text :host, null: false
          t.bigint :process_id, null: false
          t.string :instance, null: false, limit: 128
          t.string :ruby, limit: 64
          t.string :agent, limit: 64
          t.float :interval, null: false, default: 10.0
          t.bigint :first_seen_at, null: false
          t.bigint :last_seen_at, null: false
          t.bigint :goodbye_at
          t.string :goodbye_reason, limit: 64
          t.bigint :deleted_at
          t.bigint :last_sequence
          t.bigint :received, null: false, default: 0
          t.bigint :lost, null: false, default: 0
          t.integer :leak_suspects, null: false, default: 0
          t.binary :core
          t.binary :trend
          t.text :latest
          t.index :instance, unique: true
          t.index %i[kind last_seen_at]
        end
      end

      # core: packed metrics (at rollup levels mean, least and greatest of each). details: packed GC.stat and the like.
      # pauses: packed histogram.
      def create_level(connection, level)
        table(connection, level.table.delete_prefix(PREFIX)) do |t|
          t.bigint :process_id, null: false
          t.bigint :at, null: false
          t.integer :reports, null: false, default: 1
          t.integer :layout_id
          t.binary :core, null: false
          t.binary :details
          t.binary :pauses
          t.binary :classes
          t.binary :spans
          t.binary :allocation_sites
          t.binary :retained_sites
          t.index %i[process_id at], unique: !level.step_ms.zero?
        end
      end

      def create_events(connection)
        table(connection, "events") do |t|
          t.bigint :process_id, null: false
          t.bigint :at, null: false
          t.integer :kind, null: false, limit: 2
          t.binary :data
          t.index %i[process_id at]
        end
      end

      def create_collectors(connection)
        table(connection, "collectors") do |t|
          t.string :identity, null: false, limit: 128
          t.text :host, null: false
          t.bigint :pid, null: false
          t.string :state, null: false, limit: 16
          t.bigint :started_at, null: false
          t.bigint :seen_at, null: false
          t.text :counters
          t.index :identity, unique: true
        end
        table(connection, "collector_minutes") do |t|
          t.bigint :collector_id, null: false
          t.bigint :at, null: false
          t.bigint :received, null: false, default: 0
          t.bigint :stored, null: false, default: 0
          t.bigint :refused, null: false, default: 0
          t.bigint :dropped, null: false, default: 0
          t.text :reasons
          t.index %i[collector_id at], unique: true, name: "heap_periscope_ui_collector_minutes_by_time"
        end
      end

      def create_meta(connection)
        table(connection, "meta") do |t|
          t.string :key, null: false, limit: 64
          t.text :value
          t.bigint :at
          t.index :key, unique: true
        end
      end

      def table(connection, name, &block)
        name = PREFIX + name
        connection.create_table(name, &block) unless connection.table_exists?(name)
      end
    end
  end
end
