# frozen_string_literal: true

# Version 2 of the dashboard's tables: what was looked for row by row has indexes. Never changed.
class IndexHeapPeriscopeUiTables < ActiveRecord::Migration[7.1]
  INDEXES = {
    "heap_periscope_ui_processes_by_deletion" => ["processes", %i[deleted_at]],
    "heap_periscope_ui_processes_by_service" => ["processes", %i[kind service_name last_seen_at]],
    "heap_periscope_ui_processes_by_host" => ["processes", %i[host last_seen_at]],
    "heap_periscope_ui_names_by_use" => ["names", %i[used_on]],
    "heap_periscope_ui_sites_by_use" => ["sites", %i[used_on]],
    "heap_periscope_ui_minutes_of_collectors" => ["collector_minutes", %i[at]]
  }.freeze

  def up
    INDEXES.each { |name, (table, columns)| connection.add_index("heap_periscope_ui_#{table}", columns, name: name, if_not_exists: true) }
    record(2)
  end

  def down
    INDEXES.each { |name, (table, _)| connection.remove_index("heap_periscope_ui_#{table}", name: name, if_exists: true) }
    record(1)
  end

  private

  # The version that the dashboard reads. Tables of version 1 did not have it.
  def record(version)
    key = connection.quote_column_name("key")
    connection.execute("DELETE FROM heap_periscope_ui_meta WHERE #{key} = 'schema'")
    connection.execute("INSERT INTO heap_periscope_ui_meta (#{key}, value) VALUES ('schema', '#{version}')")
  end
end
