# frozen_string_literal: true

# Version 3 of the dashboard's tables: what is asked for by a time has indexes. Never changed.
class IndexWhatIsAskedByTime < ActiveRecord::Migration[7.1]
  INDEXES = {
    "heap_periscope_ui_processes_by_life" => ["processes", %i[deleted_at last_seen_at]],
    "heap_periscope_ui_leak_suspects_by_end" => ["leak_suspects", %i[ended_at]],
    "heap_periscope_ui_collectors_by_time" => ["collectors", %i[seen_at]]
  }.freeze
  # The first of the above can do what this one did.
  REPLACED = { "heap_periscope_ui_processes_by_deletion" => ["processes", %i[deleted_at]] }.freeze

  def up
    add(INDEXES)
    remove(REPLACED)
    record(3)
  end

  def down
    add(REPLACED)
    remove(INDEXES)
    record(2)
  end

  private

  def add(indexes)
    indexes.each { |name, (table, columns)| connection.add_index("heap_periscope_ui_#{table}", columns, name: name, if_not_exists: true) }
  end

  def remove(indexes)
    indexes.each { |name, (table, _)| connection.remove_index("heap_periscope_ui_#{table}", name: name, if_exists: true) }
  end

  # The version that the dashboard reads.
  def record(version)
    key = connection.quote_column_name("key")
    connection.execute("UPDATE heap_periscope_ui_meta SET value = '#{version}' WHERE #{key} = 'schema'")
  end
end
