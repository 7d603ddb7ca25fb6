# frozen_string_literal: true

require "fileutils"
require "socket"
require "tmpdir"

# A Redis of its own on a free port of loopback, without persistence.
class RedisServer
  attr_reader :port

  def initialize
    @folder = Dir.mktmpdir("heap-periscope-redis")
    @port = TCPServer.open("127.0.0.1", 0) { |server| server.addr[1] }
    options = ["--port", @port.to_s, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", @folder]
    @pid = Process.spawn("redis-server", *options, out: File::NULL, err: File::NULL)
    raise "redis-server did not answer on port #{@port}" unless 200.times.any? { answers? || sleep(0.05).nil? }
  end

  def url = "redis://127.0.0.1:#{@port}/0"

  def close
    Process.kill("TERM", @pid)
    Process.wait(@pid)
    FileUtils.rm_rf(@folder)
  end

  private

  def answers?
    TCPSocket.open("127.0.0.1", @port) do |socket|
      socket.write("PING\r\n")
      socket.gets&.start_with?("+PONG")
    end
  rescue SystemCallError
    false
  end
end
