# frozen_string_literal: true

require "fileutils"
require "net/http"
require "socket"
require "tmpdir"
require_relative "../../../spec/support/child"

# The demo shop as one process, with the real agent in it and the dashboard mounted: nothing between them but UDP. And visitors.
class DemoShop
  ROOT = File.expand_path("../../../demo", __dir__)

  attr_reader :pid, :log

  # @param environment [Hash] further options of the agent
  def initialize(environment = {})
    @folder = Dir.mktmpdir("heap-periscope-demo")
    @log = File.join(@folder, "demo.log")
    @port = TCPServer.open("127.0.0.1", 0) { |server| server.addr[1] }
    @environment = { "RAILS_ENV" => "development", "DEMO_SCRATCH" => @folder, "DEMO_INTERVAL" => "1", "PORT" => @port.to_s,
                     "WEB_CONCURRENCY" => "0", "REDIS_URL" => nil, **reporting, **environment }
    options = { chdir: ROOT, out: [log, "a"], err: [log, "a"] }
    system(@environment, "rake", "db:schema:load", **options) or raise File.read(log)
    @pid = spawn(@environment, "puma", "-C", "config/puma.rb", "config.ru", **options)
  end

  def dashboard = "http://127.0.0.1:#{@port}/heap_periscope"

  # @return [Boolean]
  def open? = visit("/up") == "200"

  def switch_on(leak) = request(Net::HTTP::Patch, "/switches/#{leak}.json")

  # Visits these pages in turn, over and over, until the shop is closed.
  def attract(paths, pause: 0.05)
    @visitors = Thread.new { loop { paths.each { |path| visit(path) } && sleep(pause) } }
  end

  def close
    @visitors&.kill
    Child.stop(pid)
    FileUtils.remove_entry(@folder)
  end

  private

  def reporting
    udp_port = UDPSocket.open { |socket| socket.bind("127.0.0.1", 0) and socket.addr[1] }
    { "HEAP_PERISCOPE_PORT" => udp_port.to_s, "HEAP_PERISCOPE_UI_UDP_PORT" => udp_port.to_s,
      "HEAP_PERISCOPE_UI_DATABASE" => File.join(@folder, "ui.sqlite3") }
  end

  # @return [String, nil] the status of the answer, if there was one
  def visit(path)
    request(Net::HTTP::Get, path)
  rescue SystemCallError, Net::OpenTimeout, Net::ReadTimeout, EOFError
    nil
  end

  def request(verb, path)
    Net::HTTP.start("127.0.0.1", @port, open_timeout: 5, read_timeout: 20) { |http| http.request(verb.new(path)) }.code
  end
end
