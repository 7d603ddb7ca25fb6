# frozen_string_literal: true

require_relative "../ui_helper"
require "English"
require "fileutils"
require "open3"
require "rbconfig"

# In a freshly generated application.
RSpec.describe "rails generate heap_periscope_ui:install", timeout: 300 do
  OPTIONS = %w[--minimal --skip-asset-pipeline --skip-bundle --skip-git --skip-test --skip-bootsnap --database=sqlite3 --quiet].freeze

  before(:context) do
    @directory = Dir.mktmpdir("heap-periscope-ui", UiApp::SCRATCH)
    @app = File.join(@directory, "app")
    run("rails", "new", @app, *OPTIONS, chdir: @directory)
    application = File.join(@app, "config/application.rb")
    File.write(application, File.read(application).sub(/^Bundler\.require.*$/, "require \"heap_periscope_ui\""))
    FileUtils.rm_f(File.join(@app, "Gemfile"))
  end

  after(:context) { FileUtils.rm_rf(@directory) }

  def run(*command, chdir: @app)
    output, status = Open3.capture2e({ "RAILS_ENV" => nil, "BUNDLE_GEMFILE" => ENV.fetch("BUNDLE_GEMFILE", nil) }, *command, chdir: chdir)
    raise "#{command.join(" ")} failed:\n#{output}" unless status.success?

    output
  end

  def rails(*arguments)
    run(RbConfig.ruby, "bin/rails", *arguments)
  end

  after { FileUtils.rm_f(Dir[File.join(@app, "storage/heap_periscope.*")]) }

  def content(path)
    File.read(File.join(@app, path))
  end

  it "makes an initializer, a route and a migration, which the application can run and revert" do
    expect(rails("generate", "heap_periscope_ui:install", "--database", "host")).to include("as asked for")
    expect(content("config/initializers/heap_periscope_ui.rb")).to include("config.database = :host")
    expect(content("config/routes.rb")).to include("mount HeapPeriscopeUi::Engine => \"/heap_periscope\"")
    expect(Dir[File.join(@app, "db/migrate/*.heap_periscope_ui.rb")].size).to eq(HeapPeriscopeUi::Store::Schema::STEPS.size)

    rails("db:migrate")
    script = <<~RUBY
      message = { "type" => "snapshot", "process_id" => 1, "service_name" => "x", "reported_at" => Time.now.utc.iso8601(3), "instance" => "i",
                  "sequence" => 1, "payload" => { "gc_stats" => { "count" => 1 } } }
      HeapPeriscopeUi.store.write(message)
      puts [HeapPeriscopeUi::Sample.count, HeapPeriscopeUi::Store::Connection.description, File.exist?("storage/heap_periscope.sqlite3")].inspect
    RUBY
    expect(rails("runner", script)).to match(/\[1, ".*development\.sqlite3", false\]/)
    expect(rails("runner", "HeapPeriscopeUi::Store::Connection.with { |one| puts HeapPeriscopeUi::Store::Schema.version(one) }").lines.last.to_i)
      .to eq(HeapPeriscopeUi::Store::Schema::VERSION)
    expect(rails("db:rollback", "STEP=#{HeapPeriscopeUi::Store::Schema::STEPS.size}").scan("reverted").size).to eq(HeapPeriscopeUi::Store::Schema::STEPS.size)
    rails("destroy", "heap_periscope_ui:install", "--database", "host")
    expect(Dir[File.join(@app, "db/migrate/*.heap_periscope_ui.rb")]).to be_empty
  end

  it "takes a database of its own where the application's is SQLite, and says so" do
    expect(rails("generate", "heap_periscope_ui:install")).to include("an SQLite file of its own, since the application's database is SQLite")
    expect(content("config/initializers/heap_periscope_ui.rb")).not_to include("config.database = :host")
    expect(Dir[File.join(@app, "db/migrate/*")]).to be_empty
    rails("destroy", "heap_periscope_ui:install")
  end

  it "makes do without a migration where the dashboard has a database of its own" do
    rails("generate", "heap_periscope_ui:install", "--database", "own", "--mount", "/memory")
    expect(content("config/initializers/heap_periscope_ui.rb")).not_to include("config.database = :host")
    expect(content("config/routes.rb")).to include("mount HeapPeriscopeUi::Engine => \"/memory\"")
    expect(Dir[File.join(@app, "db/migrate/*")]).to be_empty
    expect(rails("runner", "puts HeapPeriscopeUi::Store::Connection.description")).to include("storage/heap_periscope.sqlite3")
    rails("destroy", "heap_periscope_ui:install", "--database", "own", "--mount", "/memory")
  end

  it "stores in a database that config/database.yml names, and makes its tables there" do
    yaml = content("config/database.yml")
    initializer = File.join(@app, "config/initializers/heap_periscope_ui.rb")
    File.write(File.join(@app, "config/database.yml"), <<~YAML)
      development:
        primary: { adapter: sqlite3, database: storage/development.sqlite3 }
        memory: { adapter: sqlite3, database: storage/memory.sqlite3 }
    YAML
    File.write(initializer, "HeapPeriscopeUi.configuration.connects_to = { database: { writing: :memory } }\n")
    script = "HeapPeriscopeUi::Store::Connection.ready!; puts HeapPeriscopeUi::Store::Connection.description, HeapPeriscopeUi::Sample.count"
    expect(rails("runner", script).lines.map(&:chomp).last(2)).to match([/memory\.sqlite3\z/, "0"])
  ensure
    File.write(File.join(@app, "config/database.yml"), yaml)
    FileUtils.rm_f(initializer)
  end
end
