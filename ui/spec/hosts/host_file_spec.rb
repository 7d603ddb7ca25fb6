# frozen_string_literal: true

require_relative "../ui_helper"
require_relative "../support/host_app"

# What happens to the SQLite file of an application in which the dashboard stores too.
RSpec.describe "The application's SQLite file", timeout: 120 do
  BEGINNING = <<~RUBY
    def tables
      ActiveRecord::Migration.suppress_messages { HeapPeriscopeUi::Store::Schema.create(ActiveRecord::Base.connection) }
    end

    def collect
      HeapPeriscopeUi.configuration.udp_port = 0
      HeapPeriscopeUi.configuration.collect_in = :thread
      HeapPeriscopeUi::Collector.start.tap { |runner| runner.wait_until_collecting(20) }
    end

    def send_reports(runner, numbers, pause)
      socket = UDPSocket.new
      numbers.each do |i|
        socket.send(JSON.generate(report(sequence: i + 1)), 0, "127.0.0.1", runner.sockets.port)
        sleep pause
      end
    end

    def eventually(seconds)
      limit = Process.clock_gettime(Process::CLOCK_MONOTONIC) + seconds
      sleep 0.1 until yield || Process.clock_gettime(Process::CLOCK_MONOTONIC) > limit
    end

    tables
  RUBY
  # As by a long migration, or a backup that takes the whole file.
  LOCKED = <<~RUBY
    runner = collect
    locker = IO.popen([RbConfig.ruby, "-rsqlite3", "-e", <<~CHILD])
      database = SQLite3::Database.new("storage/host.sqlite3")
      database.busy_timeout = 5_000
      database.execute("BEGIN EXCLUSIVE")
      puts "locked"
      $stdout.flush
      sleep 14
      database.execute("COMMIT")
    CHILD
    locker.gets
    began = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    send_reports(runner, 0...40, 0.1)
    meanwhile = Process.clock_gettime(Process::CLOCK_MONOTONIC) - began
    locker.read
    eventually(30) { runner.describe[:stored] == 40 }
    described = runner.describe
    HeapPeriscopeUi::Collector.stop
    answer(stored: HeapPeriscopeUi::Sample.count, failed: described[:failed], meanwhile: meanwhile)
  RUBY
  REPLACED = <<~RUBY
    runner = collect
    send_reports(runner, 0...3, 0)
    eventually(20) { runner.describe[:stored] == 3 }
    File.delete(*Dir["storage/host.sqlite3*"])
    ActiveRecord::Base.connection_pool.disconnect! # as a restart of the application does
    tables
    eventually(5) { sleep 1.2 }
    send_reports(runner, 3...5, 0)
    eventually(30) { runner.describe[:stored] == 5 }
    HeapPeriscopeUi::Collector.stop
    own = SQLite3::Database.new("storage/host.sqlite3")
    answer(stored: own.get_first_value("SELECT COUNT(*) FROM heap_periscope_ui_samples"))
  RUBY
  HOST = "HeapPeriscopeUi.configuration.database = :host"

  it "may be locked for 14 s, and no report is lost" do
    HostApp.open(dashboard: HOST) do |app|
      result = app.call(BEGINNING + LOCKED)
      expect(result).to include("stored" => 40, "failed" => 0)
      expect(result["meanwhile"]).to be < 14
    end
  end

  it "may be made anew: what comes goes into the new one" do
    HostApp.open(dashboard: HOST) { |app| expect(app.call(BEGINNING + REPLACED)).to eq("stored" => 2) }
  end
end
