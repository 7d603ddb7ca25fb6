# frozen_string_literal: true

ENV["RAILS_ENV"] = "test"

require "spec_helper"
require "tmpdir"
require "socket"
require "rails"
require "heap_periscope_ui"
require_relative "support/kept_log"
require_relative "support/sample_data"
require_relative "support/ui_app"
require_relative "support/postgresql_server"

# The root's helper moves objects about to find stale addresses; there is no native code here to have any.
GC.auto_compact = false if GC.respond_to?(:auto_compact=)

RSpec.configure do |config|
  # Groups with `:store` get an empty SQLite database each example; `store: :postgresql` a PostgreSQL one.
  config.around(:each, :store) do |example|
    Dir.mktmpdir("heap-periscope-ui", UiApp::SCRATCH) do |directory|
      UiApp.use(example.metadata[:store] == :postgresql ? PostgresqlServer.fresh_database : File.join(directory, "ui.sqlite3"))
      example.run
    ensure
      UiApp.leave
    end
  end
end
