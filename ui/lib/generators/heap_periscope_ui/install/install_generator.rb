# frozen_string_literal: true

require "rails/generators"

module HeapPeriscopeUi
  # `rails generate heap_periscope_ui:install`
  class InstallGenerator < ::Rails::Generators::Base
    source_root File.expand_path("templates", __dir__)

    class_option :database, type: :string, enum: %w[host own],
                            desc: "Where the dashboard stores: the application's database, or an SQLite file of its own; by default the " \
                                  "application's, unless that is SQLite, whose one lock requests and reports would share"
    class_option :mount, type: :string, default: "/heap_periscope", desc: "Where the pages are mounted"

    def say_where
      return unless Store::Connection.host_sqlite?

      shared = "the application's SQLite file, as asked for: requests that write wait while reports are written"
      own = "an SQLite file of its own, since the application's database is SQLite, which one can write to at a time"
      say_status :database, host? ? shared : own, :blue
    end

    def create_initializer
      template "config/initializers/heap_periscope_ui.rb"
    end

    # The same as `rails heap_periscope_ui:install:migrations`, to the folder of the application's first database.
    def copy_migrations
      return unless host?
      return remove_migrations if behavior == :revoke

      ActiveRecord::Migration.copy(migrations_folder, { "heap_periscope_ui" => Store::Schema::FOLDER },
                                   on_copy: ->(_, migration, _) { say_status :create, relative_to_original_destination_root(migration.filename) })
    end

    def mount_engine
      route "mount HeapPeriscopeUi::Engine => #{options[:mount].inspect}"
    end

    private

    def migrations_folder
      folder = Array(ActiveRecord::Base.connection_db_config.migrations_paths).first || "db/migrate"
      File.expand_path(folder, destination_root)
    end

    def remove_migrations
      Dir[File.join(migrations_folder, "*.heap_periscope_ui.rb")].each do |file|
        say_status :remove, relative_to_original_destination_root(file)
        FileUtils.rm_f(file) # Thor's own actions do nothing while something is taken back
      end
    end

    def host?
      options[:database] ? options[:database] == "host" : !Store::Connection.host_sqlite?
    end
  end
end
