# frozen_string_literal: true

require_relative "../ui_helper"
require_relative "../support/host_app"
require "support/gem_folder"

# A worker that stands by tells Status so every few seconds. On Rails 7.1 a thread that has used a connection keeps it.
RSpec.describe "A process that stands by", timeout: 120 do
  SCRIPT_OF_STANDBY = <<~RUBY
    blocker = UDPSocket.new.tap { |socket| socket.bind("127.0.0.1", 0) }
    HeapPeriscopeUi.configuration.udp_port = blocker.local_address.ip_port
    HeapPeriscopeUi.configuration.udp_ipv6 = false
    runner = HeapPeriscopeUi::Collector.start
    rows = -> { HeapPeriscopeUi::Store::Connection.with { |connection| connection.select_value("SELECT COUNT(*) FROM heap_periscope_ui_collectors") } }
    limit = Process.clock_gettime(Process::CLOCK_MONOTONIC) + 30
    sleep 0.1 until rows.call == 1 || Process.clock_gettime(Process::CLOCK_MONOTONIC) > limit
    sleep 0.5
    answer([runner.state, rows.call, HeapPeriscopeUi::ApplicationRecord.connection_pool.stat[:busy]])
  RUBY

  it "keeps no connection, on the oldest Rails that is supported" do
    HostApp.open(defaults: "7.1", gemfile: File.join(GemFolder.of("ui:oldest_rails"), "Gemfile")) do |app|
      expect(app.call(SCRIPT_OF_STANDBY)).to eq(["standing_by", 1, 0])
    end
  end
end
