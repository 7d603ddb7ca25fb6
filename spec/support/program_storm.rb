# frozen_string_literal: true

require "open3"
require "rbconfig"

# Runs many programs under the agent, several at a time, and has each looked at when it is over.
class ProgramStorm
  LIB = File.expand_path("../../lib", __dir__)
  PATIENCE_S = 120
  PROGRESS_EVERY = 100

  def initialize(jobs:)
    @jobs = jobs
  end

  private

  # Calls the block with each of `tasks` and raises what it says went wrong, at most five of it.
  def storm(tasks)
    queue = Queue.new
    tasks.each { |task| queue << task }
    queue.close
    wrong = Queue.new
    done = 0
    Array.new(@jobs) do
      Thread.new do
        while (task = queue.pop)
          complaint = yield task
          wrong << complaint if complaint
          warn "#{done} of #{tasks.size}, #{wrong.size} wrong" if ((done += 1) % PROGRESS_EVERY).zero?
        end
      end
    end.each(&:join)
    raise "#{wrong.size} of #{tasks.size} went wrong:\n#{Array.new([wrong.size, 5].min) { wrong.pop }.join("\n")}" unless wrong.empty?
  end

  # @return [Array(String, String, Process::Status)] what it wrote, and how it ended
  def program(script, env)
    out, err, status = Open3.capture3(env, "timeout", "-s", "KILL", PATIENCE_S.to_s, RbConfig.ruby, "-W0", "-I", LIB, "-e", script)
    [out, err, status]
  end
end
