# frozen_string_literal: true

require_relative "../../ui_helper"
require "sqlite3"

# A database that version 1.0.0 made: 28 processes of one report each, rolled up to minutes. The text was written by that version.
RSpec.describe "The database of an earlier version" do
  let(:dump) { File.read(File.expand_path("../../fixtures/database_of_1_0_0.sql", __dir__)) }
  let(:schema) { HeapPeriscopeUi::Store::Schema }

  around do |example|
    Dir.mktmpdir("heap-periscope-ui", UiApp::SCRATCH) do |directory|
      @file = File.join(directory, "ui.sqlite3")
      SQLite3::Database.new(@file) { |database| database.execute_batch(dump) }
      UiApp.application
      HeapPeriscopeUi.configuration.database = @file
      example.run
    ensure
      UiApp.leave
    end
  end

  def version
    HeapPeriscopeUi::Store::Connection.with { |connection| schema.version(connection) }
  end

  def tables(file)
    SQLite3::Database.new(file) do |database|
      return database.execute("SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'").to_h.transform_values { |sql| sql.to_s.delete("\"") }
    end
  end

  it "is brought up to date, keeps what it held, shows it, and goes on" do
    expect(tables(@file).keys.grep(/by_life/)).to be_empty
    expect(version).to eq(schema::VERSION)
    expect([HeapPeriscopeUi::ObservedProcess.count, HeapPeriscopeUi::Sample.count]).to eq([28, 28])
    process = HeapPeriscopeUi::ObservedProcess.order(:id).first
    times = "from=1794999990000&to=1795000150000"
    ["/", "/processes/#{process.id}?#{times}", "/spans?#{times}", "/leaks", "/compare", "/status", "/api/v1/processes/#{process.id}/classes"]
      .each { |path| expect([path, UiApp.get(path).status]).to eq([path, 200]) }
    expect(HeapPeriscopeUi::ClassesQuery.new(process).call[:classes]).not_to be_empty

    member = SampleData.members.first
    member.instance = process.instance
    HeapPeriscopeUi.store.write(SampleData.snapshot(member, 140, HeapPeriscopeUi::Timestamps.now))
    expect(process.reload.received).to eq(2)
  end

  it "has the same tables afterwards as one made anew" do
    version
    HeapPeriscopeUi::Store::Connection.reset!
    fresh = "#{@file}.fresh"
    HeapPeriscopeUi.configuration.database = fresh
    version
    expect(tables(@file)).to eq(tables(fresh))
  end

  it "is brought up to date once, by several processes that begin at the same moment" do
    children = Array.new(4) do
      fork do
        HeapPeriscopeUi::Store::Connection.ready!
        exit!(version == schema::VERSION ? 0 : 1)
      end
    end
    expect(children.map { |pid| Process.wait2(pid).last.exitstatus }).to eq([0] * 4)
    expect(version).to eq(schema::VERSION)
  end

  it "is refused when a newer gem wrote it, in one sentence, on pages too" do
    version
    HeapPeriscopeUi::Meta.where(key: "schema").update_all(value: (schema::VERSION + 1).to_s)
    HeapPeriscopeUi::Store::Connection.reset!
    expect { HeapPeriscopeUi::Store::Connection.ready! }.to raise_error(HeapPeriscopeUi::ConfigurationError, /written by a newer heap_periscope_ui/)
    expect([UiApp.get("/").status, UiApp.get("/api/v1/status").body]).to match([503, include("update the gem")])
  end

  it "is that of PostgreSQL too", store: :postgresql do
    expect(version).to eq(schema::VERSION)
    HeapPeriscopeUi::Store::Connection.with { |connection| schema.drop(connection) }
    HeapPeriscopeUi::Store::Connection.reset!
    expect(version).to eq(schema::VERSION)
  end
end
