# frozen_string_literal: true

require_relative "../../ui_helper"

RSpec.describe "A database file that is removed while it is open", :store do
  include_context "with its log kept"

  let(:file) { HeapPeriscopeUi::ApplicationRecord.connection_db_config.configuration_hash[:database] }
  let(:member) { SampleData.members.first }

  before { stub_const("HeapPeriscopeUi::Store::DatabaseFile::EVERY_S", 0) }

  def write(step)
    HeapPeriscopeUi.store.write(SampleData.snapshot(member, step, HeapPeriscopeUi::Timestamps.now))
  end

  def counts
    [HeapPeriscopeUi::ObservedProcess.count, HeapPeriscopeUi::Sample.count]
  end

  it "is made anew, with all names, which Status and the log tell" do
    2.times { |i| write(i * 10) }
    expect(counts).to eq([1, 2])
    File.delete(file)
    write(20)
    expect([File.exist?(file), counts]).to eq([true, [1, 1]])
    expect(HeapPeriscopeUi::ClassesQuery.new(HeapPeriscopeUi::ObservedProcess.first).call[:classes].map { |row| row[:name] }).to include("String")
    expect(log.string.scan(/#{Regexp.escape(file)} was removed or replaced while it was open/).size).to eq(1)
    expect(HeapPeriscopeUi.store.notices.to_h).to eq(databases_replaced: 1)
    write(30)
    expect([counts, HeapPeriscopeUi.store.notices.to_h]).to eq([[1, 2], { databases_replaced: 1 }])
  end

  it "is noticed by pages of a process that does not write" do
    write(0)
    expect(UiApp.get("/api/v1/processes").body).to include(member.instance)
    File.delete(file)
    expect(UiApp.get("/api/v1/processes").body).not_to include(member.instance)
    expect(UiApp.get("/").status).to eq(200)
  end

  it "is given up for the one that is moved over it" do
    write(0)
    copy = "#{file}.copy"
    HeapPeriscopeUi::ApplicationRecord.connection.execute("VACUUM INTO '#{copy}'")
    write(10)
    File.delete("#{file}-wal", "#{file}-shm") # SQLite would take them for the other file's
    File.rename(copy, file)
    write(20)
    expect(counts).to eq([1, 2])
  end

  it "has the minutes of a collector under its new row, not under whoever has its old number" do
    HeapPeriscopeUi.configuration.udp_port = 0
    HeapPeriscopeUi::Store::Connection.with do
      rows = Array.new(2) { |i| { identity: "gone #{i}", host: "h", pid: i, state: "stopped", started_at: 0, seen_at: 0, counters: "{}" } }
      HeapPeriscopeUi::CollectorRecord.insert_all(rows)
    end
    runner = HeapPeriscopeUi::Collector::Runner.new(config: HeapPeriscopeUi.configuration, store: HeapPeriscopeUi.store, settle: false).start
    runner.wait_until_collecting(20)
    report = HeapPeriscopeUi::Collector::StatusReport.new(runner, HeapPeriscopeUi.configuration)
    report.write(HeapPeriscopeUi::Timestamps.now)
    old = HeapPeriscopeUi::CollectorRecord.maximum(:id)
    File.delete(file)
    runner.writer.counters.receive(1, HeapPeriscopeUi::Timestamps.now - 60_000)
    report.write(HeapPeriscopeUi::Timestamps.now)
    expect(old).to be > 2
    expect(HeapPeriscopeUi::CollectorMinute.pluck(:collector_id) - HeapPeriscopeUi::CollectorRecord.ids).to eq([])
    expect(HeapPeriscopeUi::CollectorMinute.count).to be_positive
  ensure
    runner&.stop
  end
end
