# frozen_string_literal: true

module HeapPeriscopeUi
  class Store
    module Schema
      # Tables of what agents find out beyond figures: censuses of spans, sites, suspects.
      module Findings
        module_function

        def create(connection)
          create_span_censuses(connection)
          create_sites(connection)
          create_leak_suspects(connection)
        end

        def create_span_censuses(connection)
          # What lived after a call of a span.
          Schema.table(connection, "span_censuses") do |t|
            t.bigint :process_id, null: false
            t.integer :span_type, null: false, limit: 2
            t.bigint :name_id, null: false
            t.bigint :at, null: false
            t.binary :live_objects
            t.binary :survivors
            t.index %i[process_id name_id at], name: "heap_periscope_ui_span_censuses_by_name"
          end
        end

        def create_sites(connection)
          Schema.table(connection, "sites") do |t|
            t.string :digest, null: false, limit: 64
            t.bigint :class_name_id, null: false
            t.bigint :path_id, null: false
            t.integer :line, null: false
            t.bigint :method_id
            t.text :stack
            t.integer :used_on, null: false
            t.index :digest, unique: true
          end
        end

        def create_leak_suspects(connection)
          # One row from the first to the last report that names the class; ended_at when a later report does not.
          Schema.table(connection, "leak_suspects") do |t|
            t.bigint :process_id, null: false
            t.bigint :name_id, null: false
            t.string :confidence, null: false, limit: 16
            t.bigint :since, null: false
            t.bigint :first_seen_at, null: false
            t.bigint :last_seen_at, null: false
            t.bigint :ended_at
            t.float :objects_per_hour
            t.float :objects_per_hour_error
            t.float :bytes_per_hour
            t.bigint :count
            t.bigint :bytes
            t.text :details
            t.index %i[process_id ended_at], name: "heap_periscope_ui_leak_suspects_by_process"
            t.index :last_seen_at, name: "heap_periscope_ui_leak_suspects_by_time"
          end
        end
      end
    end
  end
end
