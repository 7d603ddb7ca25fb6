# frozen_string_literal: true

# Forks again and again while the reporter works as hard as it can: censuses, GC reports, signatures, names looked up. A child that
# does not come back within a minute hangs on something its parent had locked.
class ForkStorm
  AT_ONCE = 4
  PATIENCE_S = 60

  def initialize(forks)
    @forks = forks
    @children = {}
  end

  # @raise [RuntimeError] when a child hangs or fails
  def call
    HeapPeriscopeAgent.configure do |config|
      config.interval = 0.01
      config.enable_detailed_objects = true
      config.census_slice_ms = 0.2
      config.secret = "fork storm's secret"
    end
    HeapPeriscopeAgent.start
    worker = Thread.new { loop { Array.new(500) { +"x" } && sleep(0.001) } }
    @forks.times { |n| bear(n) }
    reap(0)
    worker.kill
    raise "the parent's reporter is gone" unless HeapPeriscopeAgent.running?
  end

  private

  def bear(number)
    reap(AT_ONCE - 1)
    HeapPeriscopeAgent.configuration.port = 9000 + (number % 2) if (number % 10).zero? # a new socket
    pid = fork { live(number) }
    @children[pid] = now
  end

  def live(number)
    case number % 4
    when 0 then HeapPeriscopeAgent.report_once! || exit!(1)
    when 1 then HeapPeriscopeAgent.stop
    when 2 then HeapPeriscopeAgent.census(limit: 1)
    end
    exit!(HeapPeriscopeAgent.running? || number % 4 == 1 ? 0 : 2)
  end

  def reap(allowed)
    while @children.size > allowed
      pid, status = Process.wait2(-1, Process::WNOHANG)
      if pid
        raise "a child ended with #{status}" unless status.success?

        @children.delete(pid)
      else
        hanging = @children.find { |_, born| now - born > PATIENCE_S }
        raise "child #{hanging.first} hangs" if hanging

        sleep 0.001
      end
    end
  end

  def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
end
