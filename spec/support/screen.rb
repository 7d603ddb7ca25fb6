# frozen_string_literal: true

require "io/console"
require "io/wait"
require "pty"
require_relative "command_line"

# A terminal with a command in it, as far as specs need one: what is shown where, keys, size.
class Screen
  MOVE = /\e\[(\d+);1H\e\[2K([^\e]*(?:\e\[\d+m[^\e]*)*)/

  attr_reader :pid, :tty

  def self.open(*arguments, env: {}, size: [24, 132])
    screen = new(arguments, env, size)
    yield screen
  ensure
    screen&.close
  end

  def initialize(arguments, env, size)
    @master, @tty = PTY.open
    @tty.winsize = size
    @written = +"".b
    env = { **CommandLine::ALONE, "TERM" => "xterm", "LC_ALL" => "C.UTF-8", "NO_COLOR" => "1", **env }
    @pid = Process.spawn(env, RbConfig.ruby, CommandLine::EXECUTABLE, *arguments, in: @tty, out: @tty, err: @tty)
    @reader = Thread.new { read }
  end

  # @return [String] everything that was written to the terminal
  def written = @written.dup.force_encoding(Encoding::UTF_8).scrub

  # @return [Array<String>] the lines as they stand now
  def lines
    now = written.rpartition("\e[2J").last
    now.scan(MOVE).each_with_object([]) { |(row, text), all| all[row.to_i - 1] = text.rstrip }.map(&:to_s)
  end

  # Waits for a line that matches.
  # @return [String]
  def wait_for_line(pattern)
    CommandLine.wait_for("a line like #{pattern.inspect} in\n#{lines.join("\n")}\n") { lines.grep(pattern).first }
  rescue RuntimeError => e
    raise "#{e.message}: #{lines.join("\n")}"
  end

  def press(keys) = @master.write(keys)

  # @return [Integer] the UDP port it listens on
  def port = wait_for_line(/127\.0\.0\.1:\d+/)[/127\.0\.0\.1:(\d+)/, 1].to_i

  # @return [Process::Status] after the command has ended by itself and all it wrote is read
  def status
    @status ||= Process.wait2(pid).last.tap { sleep 0.05 while @master.wait_readable(0.1) }
  end

  def close
    CommandLine.stop(pid) unless @status
    @tty.close
    @reader.join(5)
    @master.close
  end

  private

  def read
    loop { @written << @master.readpartial(65_536) }
  rescue IOError, SystemCallError
    nil # the last process has left the terminal
  end
end
