# frozen_string_literal: true

require "rails/generators"
require "rails/generators/active_record"

module HeapPeriscopeUi
  # `rails generate heap_periscope_ui:install`
  class InstallGenerator < ::Rails::Generators::Base
    include ActiveRecord::Generators::Migration

    source_root File.expand_path("templates", __dir__)

    class_option :database, type: :string, default: "host", enum: %w[host own],
                            desc: "Where the dashboard stores: the application's database, or an SQLite file of its own"
    class_option :mount, type: :string, default: "/heap_periscope", desc: "Where the pages are mounted"

    def create_initializer
      template "config/initializers/heap_periscope_ui.rb"
    end

    def create_migration_file
      return unless host?

      migration_template "db/migrate/create_heap_periscope_ui_tables.rb",
                         File.join(db_migrate_path, "create_heap_periscope_ui_tables.rb")
    end

    def mount_engine
      route "mount HeapPeriscopeUi::Engine => #{options[:mount].inspect}"
    end

    private

    def host?
      options[:database] == "host"
    end
  end
end
