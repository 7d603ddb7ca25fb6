# frozen_string_literal: true

require "bundler/setup"
ENV["RAILS_ENV"] = "test"
$LOAD_PATH.unshift(File.expand_path("../../lib", __dir__), __dir__)
require "json"
require "rails"
require "heap_periscope_ui"
require "puma"
require "puma/server"
require "sample_history"

# A program for the system specs: a host application that is API-only, has no asset pipeline and forbids everything by its own
# content security policy; with the dashboard mounted, a collector on a free port and some history in a SQLite file.
# Usage: dashboard_server.rb DATABASE MINUTES. It prints one line of JSON and ends when its standard input does.
class DashboardServer
  MOUNT = "/heap_periscope"

  def initialize(database, minutes)
    config = HeapPeriscopeUi.configuration
    config.database = database
    config.udp_port = 0
    config.udp_ipv6 = false
    config.collect = false
    @app = build
    HeapPeriscopeUi::Store::Connection.ready!
    SampleHistory.new.write(minutes) if minutes.positive?
  end

  def run
    collector = HeapPeriscopeUi::Collector.start
    server = Puma::Server.new(@app, nil, min_threads: 1, max_threads: 3, log_writer: Puma::LogWriter.new($stderr, $stderr))
    port = server.add_tcp_listener("127.0.0.1", 0).addr[1]
    server.run
    sleep 0.05 until collector.sockets
    puts JSON.generate(url: "http://127.0.0.1:#{port}#{MOUNT}", udp_port: collector.sockets.port)
    $stdout.flush
    $stdin.read
  ensure
    HeapPeriscopeUi::Collector.stop
    server&.stop(true)
  end

  private

  def build
    application = Class.new(Rails::Application) do
      config.eager_load = true
      config.root = __dir__
      config.api_only = true
      config.enable_reloading = false
      config.logger = ActiveSupport::Logger.new($stderr, level: :warn)
      config.secret_key_base = "only for specs " * 4
      config.hosts.clear
      config.content_security_policy { |policy| policy.default_src :none }
      routes.append { mount HeapPeriscopeUi::Engine => DashboardServer::MOUNT }
    end
    application.initialize!
  end
end

DashboardServer.new(ARGV.fetch(0), Integer(ARGV.fetch(1))).run if $PROGRAM_NAME == __FILE__
