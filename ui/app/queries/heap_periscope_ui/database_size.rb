# frozen_string_literal: true

module HeapPeriscopeUi
  # How large the store is. Counting rows would read them all, so counts come from the range of ids, which only grow.
  module DatabaseSize
    module_function

    # @return [Hash] {adapter:, name:, bytes: on disk, limit_bytes: of rows, or nil, trimmed: {at:, rows:, bytes:} when the limit was reached last, or
    #   nil, levels: [{name:, kept_s:, rows:, bytes: or nil, oldest_at: or nil}]}
    def call
      { adapter: ApplicationRecord.connection_db_config.adapter, name: Store::Connection.description, bytes: bytes, limit_bytes: HeapPeriscopeUi.configuration.database_limit_bytes, trimmed: trimmed, levels: Levels::ALL.map do |level|
        level(level)
      end,
        names: { rows: span(Name) } }
    end

    def trimmed
      row = Meta.find_by(key: "trimmed")
      row && { at: row.at, **JSON.parse(row.value || "{}", symbolize_names: true) }
    end

    def bytes
      ApplicationRecord.connection_pool.with_connection do |connection|
        if connection.adapter_name.match?(/sqlite/i)
          connection.select_value("PRAGMA page_count").to_i * connection.select_value("PRAGMA page_size").to_i
        else
          connection.select_value("SELECT SUM(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relname LIKE 'heap\\_periscope\\_ui\\_%'").to_i
        end
      end
    end

    def level(level)
      model = Sample.at_level(level)
      { name: level.name, kept_s: Levels.kept_ms(level) / 1000, rows: span(model), bytes: nil,
        oldest_at: model.order(:id).limit(1).pick(:at) }
    end

    def span(model)
      least = model.minimum(:id)
      least ? model.maximum(:id) - least + 1 : 0
    end
  end
end
