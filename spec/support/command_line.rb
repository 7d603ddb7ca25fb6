# frozen_string_literal: true

require "open3"
require "rbconfig"

# Runs `heap_periscope` as a user does.
module CommandLine
  ROOT = File.expand_path("../..", __dir__)
  EXECUTABLE = File.join(ROOT, "exe/heap_periscope")
  # Not in the bundle of the specs: the command needs nothing of it, and starts in half the time.
  ALONE = { "RUBYOPT" => nil }.freeze

  module_function

  # @return [Array(String, String, Integer)] stdout, stderr, exit status
  def heap_periscope(*arguments, env: {}, stdin: "")
    out, err, status = Open3.capture3(ALONE.merge(env), RbConfig.ruby, EXECUTABLE, *arguments, stdin_data: stdin)
    [out, err, status.exitstatus]
  end

  # Waits until the block gives something true.
  def wait_for(what, seconds: 30)
    deadline = Process.clock_gettime(Process::CLOCK_MONOTONIC) + seconds
    loop do
      result = yield
      return result if result
      raise "#{what} did not happen within #{seconds} s" if Process.clock_gettime(Process::CLOCK_MONOTONIC) > deadline

      sleep 0.02
    end
  end

  # Starts a command that listens; yields its pid, the port it chose, and files that its output goes to.
  def listening(*arguments, env: {})
    Dir.mktmpdir do |dir|
      out, err = %w[out err].map { |name| File.join(dir, name) }
      pid = Process.spawn(ALONE.merge(env), RbConfig.ruby, EXECUTABLE, *arguments, "--port", "0", out: out, err: err)
      begin
        port = wait_for("listening") { File.read(err)[/listening on .*:(\d+)$/, 1]&.to_i }
        yield pid, port, out, err
      ensure
        stop(pid)
      end
    end
  end

  # Kills what does not obey.
  # @return [Process::Status, nil] nil when it had ended and was waited for before
  def stop(pid, signal = :TERM)
    Process.kill(signal, pid)
    wait_for("the end of process #{pid}", seconds: 20) { Process.wait2(pid, Process::WNOHANG)&.last }
  rescue RuntimeError
    Process.kill(:KILL, pid)
    Process.wait2(pid).last
  rescue Errno::ESRCH, Errno::ECHILD
    nil
  end
end
