# frozen_string_literal: true

# Rails before 8 has SQLite wait for another writer with the interpreter's lock held: where that writer is a thread of
# the same process, all wait for the whole timeout. Here the wait lets other threads run, as in Rails 8.
ActiveSupport.on_load(:active_record_sqlite3adapter) do
  prepend(Module.new do
    private

    def configure_connection
      super
      @raw_connection.busy_handler_timeout = 10_000
    end
  end)
end
