# frozen_string_literal: true

require "fileutils"
require "net/http"
require "open3"
require "socket"
require "tmpdir"
require_relative "child"

# The demo shop in a scratch folder of its own: its commands, and its server.
class DemoApp
  ROOT = File.expand_path("../../demo", __dir__)

  attr_reader :scratch, :port, :env

  # @param receiver [DatagramReceiver] where its processes report to
  def initialize(receiver, env = {})
    @scratch = Dir.mktmpdir("heap-periscope-demo")
    @env = {
      "DEMO_SCRATCH" => @scratch, "DEMO_INTERVAL" => "0.5", "RAILS_ENV" => "development", "DEMO_LOG_LEVEL" => "fatal",
      "HEAP_PERISCOPE_PORT" => receiver.port.to_s, "HEAP_PERISCOPE_HOST" => "127.0.0.1", "DISABLE_SPRING" => "1", "DEMO_DASHBOARD" => "0"
    }.merge(env)
    @servers = {}
  end

  def close
    @servers.dup.each_key { |pid| stop(pid) }
    FileUtils.rm_rf(@scratch)
  end

  def prepare
    run!("bin/rails", "db:schema:load", env: { "HEAP_PERISCOPE_ENABLED" => "false" })
    self
  end

  # @return [Array(String, Process::Status)] what a command of the app wrote, and how it ended
  def run(*command, env: {})
    Open3.capture2e(@env.merge(env), "ruby", *command, chdir: ROOT)
  end

  def run!(...)
    output, status = run(...)
    status.success? ? output : raise("#{status}\n#{output}")
  end

  # Starts a program of the app that goes on running.
  # @return [Integer] its process id
  def spawn(*command, env: {}, log: "#{scratch}/server-#{@servers.size}.log")
    pid = Process.spawn(@env.merge(env), *command, chdir: ROOT, out: log, err: %i[child out], pgroup: true)
    @servers[pid] = log
    pid
  end

  # Starts the web server on a free port and waits until it answers.
  # @return [Integer] the process id of the server, a cluster's master
  def serve(*command, env: {})
    @port = free_port
    command = ["ruby", "bin/rails", "server", "-p", @port.to_s, "-P", "#{scratch}/server-#{@port}.pid"] if command.empty?
    pid = spawn(*command, env: { "PORT" => @port.to_s }.merge(env))
    wait_for_server(pid)
    pid
  end

  def stop(pid, signal = "TERM")
    return unless @servers.key?(pid)

    Child.stop(pid, signal)
    @servers.delete(pid)
  end

  def log_of(pid) = File.read(@servers.fetch(pid))

  # @return [Net::HTTPResponse]
  def request(verb, path)
    Net::HTTP.start("127.0.0.1", @port, read_timeout: 60) do |http|
      http.send_request(verb.to_s.upcase, path, verb == :get ? nil : "", { "Accept" => "*/*" })
    end
  end

  def get(path) = request(:get, path)
  def post(path) = request(:post, path)

  private

  def free_port
    TCPServer.open("127.0.0.1", 0) { |server| server.addr[1] }
  end

  def wait_for_server(pid)
    deadline = Process.clock_gettime(Process::CLOCK_MONOTONIC) + 90
    begin
      get("/up")
    rescue SystemCallError, EOFError
      raise "the server ended:\n#{log_of(pid)}" if Process.wait(pid, Process::WNOHANG)
      raise "the server did not come up:\n#{log_of(pid)}" if Process.clock_gettime(Process::CLOCK_MONOTONIC) > deadline

      sleep 0.1
      retry
    end
  end
end
