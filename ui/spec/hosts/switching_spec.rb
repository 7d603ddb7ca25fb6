# frozen_string_literal: true

require_relative "../ui_helper"
require_relative "../support/host_app"

# Applications that switch roles and shards around their requests.
RSpec.describe "An application that switches databases" do
  YAML_OF_TWO = <<~YAML
    test:
      primary: { adapter: sqlite3, database: storage/host.sqlite3 }
      replica: { adapter: sqlite3, database: storage/host.sqlite3, replica: true }
      two: { adapter: sqlite3, database: storage/two.sqlite3 }
      memory: { adapter: sqlite3, database: storage/memory.sqlite3 }
  YAML
  RECORD = <<~RUBY
    class ApplicationRecord < ActiveRecord::Base
      primary_abstract_class
      connects_to shards: { default: { writing: :primary, reading: :replica }, two: { writing: :two, reading: :two } }
    end
  RUBY
  SWITCHES = {
    "connected_to(role: :reading) around GET" => <<~RUBY,
      config.to_prepare do
        ActionController::Base.around_action(if: -> { request.get? }) { |_, action| ActiveRecord::Base.connected_to(role: :reading) { action.call } }
      end
    RUBY
    "database_selector" => <<~RUBY,
      config.active_record.database_selector = { delay: 0 }
      config.active_record.database_resolver = ActiveRecord::Middleware::DatabaseSelector::Resolver
      config.active_record.database_resolver_context = ActiveRecord::Middleware::DatabaseSelector::Resolver::Session
    RUBY
    "shard_selector, locked" => <<~RUBY
      config.active_record.shard_selector = { lock: true }
      config.active_record.shard_resolver = ->(request) { :two }
    RUBY
  }.freeze
  STORES = {
    "an own file" => "",
    "connects_to, writing only" => "HeapPeriscopeUi.configuration.connects_to = { database: { writing: :memory } }",
    "the host's database" => "HeapPeriscopeUi.configuration.database = :host"
  }.freeze
  ASK = <<~RUBY
    HeapPeriscopeUi::ApplicationRecord # loaded
    if HeapPeriscopeUi.configuration.database == :host
      ActiveRecord::Migration.suppress_messages { HeapPeriscopeUi::Store::Schema.create(ActiveRecord::Base.connection) }
    end
    HeapPeriscopeUi.store.write([report])
    statuses = %w[/ /processes/1 /leaks /spans /status /compare /api/v1/status /api/v1/live].map { |path| get(path); SESSION.response.status }
    get("/processes/1")
    token = SESSION.response.body[/name="token" value="([^"]+)"/, 1].to_s
    post("/processes/1/delete", params: { token: token }, headers: OWN)
    answer(statuses.uniq << SESSION.response.status)
  RUBY

  SWITCHES.each do |switch, config|
    STORES.each do |store, dashboard|
      it "shows every page with #{switch} and #{store}" do
        HostApp.open(config: "config.action_dispatch.show_exceptions = :all\n#{config}", dashboard: dashboard,
                     files: { "app/models/application_record.rb" => RECORD, "config/database.yml" => YAML_OF_TWO }) do |app|
          expect(app.call(ASK)).to eq([200, 303])
        end
      end
    end
  end
end
