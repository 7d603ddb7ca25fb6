# frozen_string_literal: true

# Version 1 of the dashboard's tables. Never changed: what comes later comes in migrations of its own. All times are unix milliseconds
# (bigint), UTC. Safe to run where the tables are there already, as those of an application are that got them by an older generator.
class CreateHeapPeriscopeUiTables < ActiveRecord::Migration[7.1]
  SAMPLES = { "samples" => false, "minutes" => true, "ten_minutes" => true, "two_hours" => true }.freeze

  def up
    create_names
    create_processes
    SAMPLES.each { |name, unique| create_samples(name, unique) }
    create_events
    create_sites
    create_leak_suspects
    create_collectors
    create_meta
  end

  def down
    connection.tables.select { |name| name.start_with?("heap_periscope_ui_") }.each { |name| connection.drop_table(name) }
  end

  private

  def table(name, &block)
    name = "heap_periscope_ui_#{name}"
    # Without the prefix that an application may give to its tables.
    connection.create_table(name, &block) unless connection.table_exists?(name)
  end

  def create_names
    # Class, span, path and method names. `used_on`: day number of the latest use, for retention.
    table("names") do |t|
      t.text :text, null: false
      t.integer :used_on, null: false
      t.index :text, unique: true
    end
    # Which value stands where in a packed frame of GC.stat and the like.
    table("layouts") do |t|
      t.string :digest, null: false, limit: 64
      t.text :keys, null: false
      t.index :digest, unique: true
    end
  end

  def create_processes
    # kind 0: a process (one life of it). kind 1: the sum of all processes of a service.
    table("processes") do |t|
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
  def create_samples(name, unique)
    table(name) do |t|
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
      t.index %i[process_id at], unique: unique
    end
  end

  def create_events
    table("events") do |t|
      t.bigint :process_id, null: false
      t.bigint :at, null: false
      t.integer :kind, null: false, limit: 2
      t.binary :data
      t.index %i[process_id at]
    end
    # What lived after a call of a span.
    table("span_censuses") do |t|
      t.bigint :process_id, null: false
      t.integer :span_type, null: false, limit: 2
      t.bigint :name_id, null: false
      t.bigint :at, null: false
      t.binary :live_objects
      t.binary :survivors
      t.index %i[process_id name_id at], name: "heap_periscope_ui_span_censuses_by_name"
    end
  end

  def create_sites
    table("sites") do |t|
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

  # One row from the first to the last report that names the class; ended_at when a later report does not.
  def create_leak_suspects
    table("leak_suspects") do |t|
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

  def create_collectors
    table("collectors") do |t|
      t.string :identity, null: false, limit: 128
      t.text :host, null: false
      t.bigint :pid, null: false
      t.string :state, null: false, limit: 16
      t.bigint :started_at, null: false
      t.bigint :seen_at, null: false
      t.text :counters
      t.index :identity, unique: true
    end
    table("collector_minutes") do |t|
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

  def create_meta
    table("meta") do |t|
      t.string :key, null: false, limit: 64
      t.text :value
      t.bigint :at
      t.index :key, unique: true
    end
  end
end
