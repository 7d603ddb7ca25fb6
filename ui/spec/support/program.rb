# frozen_string_literal: true

require "json"
require "net/http"
require "socket"

# A program in a process of its own, its output in a file, ended when the block is left.
class Program
  attr_reader :pid

  def self.run(command, env = {}, chdir: Dir.pwd)
    program = new(command, env, chdir)
    yield program
  ensure
    program&.finish
  end

  # @return [Integer] a UDP or TCP port that was free a moment ago
  def self.free_port
    server = TCPServer.new("127.0.0.1", 0)
    server.addr[1].tap { server.close }
  end

  def initialize(command, env, chdir)
    @log = Tempfile.new("program")
    @pid = Process.spawn(env, *command, out: @log.path, err: %i[child out], chdir: chdir, pgroup: true)
  end

  def output
    File.read(@log.path)
  end

  # @return [Object] the block's first answer that is true
  def eventually(seconds = 60)
    limit = Process.clock_gettime(Process::CLOCK_MONOTONIC) + seconds
    loop do
      value = begin
        yield
      rescue SystemCallError, IOError
        nil
      end
      return value if value
      raise "still not so after #{seconds} s:\n#{output}" if Process.clock_gettime(Process::CLOCK_MONOTONIC) > limit

      sleep 0.1
    end
  end

  def get(url)
    Net::HTTP.get_response(URI(url))
  end

  def json(url)
    JSON.parse(get(url).body)
  end

  def signal(name)
    Process.kill(name, pid)
  end

  # @return [Process::Status]
  def wait
    Process.wait(pid)
    @ended = true
    $CHILD_STATUS
  end

  def finish
    return if @ended

    Process.kill(:TERM, pid)
    Timeout.timeout(15) { Process.wait(pid) }
  rescue Timeout::Error
    Process.kill(:KILL, -pid)
    Process.wait(pid)
  rescue Errno::ESRCH, Errno::ECHILD
    nil
  end
end
