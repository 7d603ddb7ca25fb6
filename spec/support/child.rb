# frozen_string_literal: true

require "English"

# Ending the programs that specs start.
module Child
  PATIENCE = 30

  module_function

  # Asks a child process to end and waits; kills one that takes longer than PATIENCE. (On Ruby 3.3 a Puma that is
  # stopped under load can wait for ever in IO#close, with or without the agent.)
  # @return [Process::Status]
  def stop(pid, signal = "TERM")
    Process.kill(signal, pid)
    deadline = now + PATIENCE
    loop do
      return $CHILD_STATUS if Process.wait(pid, Process::WNOHANG)

      if now > deadline
        Process.kill("KILL", pid)
        Process.wait(pid)
      end
      sleep 0.05
    end
  rescue Errno::ECHILD
    $CHILD_STATUS
  end

  def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
end
