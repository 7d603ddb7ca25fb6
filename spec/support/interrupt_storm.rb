# frozen_string_literal: true

require "timeout"

# Sends one kind of interrupt again and again to threads that compute, with everything of the agent on and as busy as it gets. Every one
# has to arrive. From Ruby 3.4 on RUBY_THREAD_TIMESLICE=1 lets threads switch as often as they can.
class InterruptStorm
  WAYS = %w[raise timeout kill].freeze
  # Processor time of this process, which goes on computing while it waits: on a busy machine seconds say nothing.
  PATIENCE_S = 3
  OPTIONS = { interval: 0.02, port: 9, verbose: false, enable_detailed_objects: true, census_budget: 0.5, secret: "interrupt storm's secret",
              enable_allocation_sampling: true, gc_pauses: true }.freeze
  class Stop < StandardError
  end

  # @param way [String] one of WAYS
  # @param count [Integer] how many to send
  # @param options [Hash] of the agent, besides OPTIONS
  def initialize(way, count, **options)
    @way = WAYS.find { |known| known == way } or raise ArgumentError, "#{way.inspect} is none of #{WAYS.join(", ")}"
    @count = count
    @options = OPTIONS.merge(options)
    @lost = 0
  end

  # @yield [sent, lost] now and then
  # @return [Integer] how many were lost
  def call(&progress)
    @progress = progress
    HeapPeriscopeAgent.configure { |config| @options.each { |name, value| config.public_send(:"#{name}=", value) } }
    HeapPeriscopeAgent.start
    rival = Thread.new { compute }
    public_send(:"send_#{@way}")
    rival.kill
    raise "the reporter is gone" unless HeapPeriscopeAgent.running?

    @lost
  end

  def send_raise
    @arrived = 0
    receiver = Thread.new { receive }
    each_time do
      Thread.pass until @ready
      sleep 0.001 * rand(0..3)
      before = @arrived
      receiver.raise(Stop)
      lose unless within_patience { @arrived > before }
    end
    receiver.kill
  end

  def send_timeout
    each_time do
      Timeout.timeout(0.004) { compute(cpu_s + PATIENCE_S) }
      lose
    rescue Timeout::Error
      nil
    end
  end

  def send_kill
    each_time do
      victim = Thread.new { compute }
      sleep 0.001 * rand(1..4)
      victim.kill
      lose unless within_patience { victim.join(0.05) }
    end
  end

  private

  def each_time
    @count.times do |sent|
      yield
      @progress&.call(sent + 1, @lost) if ((sent + 1) % 500).zero?
    end
  end

  # Stop is taken only where it is counted.
  def receive
    Thread.handle_interrupt(Stop => :never) do
      loop do
        Thread.handle_interrupt(Stop => :immediate) do
          @ready = true
          compute
        end
      rescue Stop
        @ready = false
        @arrived += 1
      end
    end
  end

  # Gives way about every millisecond: a time slice is a hundred before Ruby 3.4.
  def compute(until_cpu_s = Float::INFINITY)
    while cpu_s < until_cpu_s
      20.times { HeapPeriscopeAgent.span("job", "compute") { 10.times { Array.new(20) { +"x" } } } }
      Thread.pass
    end
  end

  def within_patience
    patience = cpu_s + PATIENCE_S
    until yield
      return false if cpu_s > patience

      sleep 0.0002
    end
    true
  end

  def lose
    @lost += 1
    raise "#{@lost} interrupts were lost" if @lost > 20
  end

  def cpu_s = Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID)
end
