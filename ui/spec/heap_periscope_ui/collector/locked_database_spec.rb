# frozen_string_literal: true

require_relative "../../ui_helper"

RSpec.describe HeapPeriscopeUi::Collector::Writer, "and a database that others have locked", :store do
  include_context "with its log kept"

  let(:inbox) { HeapPeriscopeUi::Collector::Inbox.new(1_000) }
  let(:housekeeper) { HeapPeriscopeUi::Store::Housekeeper.new(HeapPeriscopeUi.store) }
  let(:writer) { described_class.new(inbox, store: HeapPeriscopeUi.store, config: HeapPeriscopeUi.configuration, housekeeper: housekeeper, beat: ->(_) {}) }

  around do |example|
    Dir.mktmpdir("heap-periscope-ui", UiApp::SCRATCH) do |directory|
      HeapPeriscopeUi::Store::Connection.reset!
      @file = File.join(directory, "locked.sqlite3")
      # Waits as briefly as it can, so that every statement meets the lock.
      UiApp.use({ adapter: "sqlite3", database: @file, timeout: 50, pool: 5 })
      example.run
    end
  end

  def now
    HeapPeriscopeUi::Timestamps.now
  end

  it "loses nothing that it has taken, whatever class the error comes in" do
    HeapPeriscopeUi.store.write(SampleData.snapshot(SampleData.members.last, 0, now))
    stub_const("HeapPeriscopeUi::Store::ShortWrites::PATIENCE_S", 0.05)
    other = SQLite3::Database.new(@file)
    other.execute("BEGIN IMMEDIATE")
    inbox.push(SampleData.members.flat_map { |member| Array.new(5) { |i| JSON.generate(SampleData.snapshot(member, i, now)) } }, now)
    thread = Thread.new { writer.run }
    sleep 4
    other.execute("ROLLBACK")
    sleep 0.1 until inbox.empty? && writer.counters.stored + writer.counters.failed == 40
    writer.stop
    thread.join
    expect(writer.counters).to have_attributes(stored: 40, failed: 0, divided: 0)
    expect(HeapPeriscopeUi::Sample.count).to eq(41)
    expect(log.string.lines.grep(/could not write/).size).to be_between(1, 3)
  ensure
    other&.close
  end

  it "knows an outage by the driver's error, however it is wrapped" do
    wrapped = begin
      begin
        raise SQLite3::BusyException, "database is locked"
      rescue SQLite3::BusyException
        raise ActiveRecord::StatementInvalid, "SQLite3::BusyException: database is locked"
      end
    rescue ActiveRecord::StatementInvalid => e
      e
    end
    expect([wrapped, ActiveRecord::ConnectionNotEstablished.new("x"), ActiveRecord::StatementInvalid.new("no such table"), TypeError.new]
      .map { |error| HeapPeriscopeUi::Store::Outage.of?(error) }).to eq([true, true, false, false])
  end
end
