# frozen_string_literal: true

# The request-like workload with the agent at interval 1 s and detailed objects, against none: two processes of the same code share a
# core, one with the agent and one without, by turns (support/pairs.rb). On half a core a second of work takes two, so the interval is
# two seconds there. Whether censuses come to their end is seen in a process that has a core for itself, at 1 s.
#   bin/exec ruby benchmark/throughput.rb [--rounds 9] [--round-seconds 12] [objects …]
require "optparse"
require "socket"
require_relative "support/bench"
require_relative "support/heap"

# Live objects: the bar
SIZES = { 100_000 => 1.01, 1_000_000 => 1.03 }.freeze
INTERVAL_S = 1.0
PACE_S = 20

module ThroughputWorker
  module_function

  def call(size, interval, repeats)
    require "heap_periscope_agent"
    keep = Bench::Heap.fill(size)
    configure(@interval = interval)
    # Each worker draws the same numbers, so that the two of a pair begin together.
    @random = Random.new(size)
    work(10)
    Bench::Worker.serve do |command|
      figures = command == "pace" ? pace : block(command == "on", repeats)
      figures.merge(kept: keep.size)
    end
  end

  def configure(interval)
    @sink ||= UDPSocket.new.tap { |socket| socket.bind("127.0.0.1", 0) }
    HeapPeriscopeAgent.configure do |config|
      config.port = @sink.addr[1]
      config.interval = interval
      config.enable_detailed_objects = true
      config.verbose = false
    end
  end

  # A collection is swept by the way, so that censuses come in the midst of one.
  def work(rounds = 1) = Bench::Request.rounds_with_collections(rounds, 4_000, sweep: false)

  def cost = HeapPeriscopeAgent.agent_cost

  # Begins when the start and the first snapshot are over, and at no fixed moment between two snapshots: a census that runs on past
  # the end of one block costs that block too little, one that ran on into it too much.
  def block(agent, repeats)
    HeapPeriscopeAgent.start if agent
    GC.start
    work_for(@interval * (2 + @random.rand))
    before = cost[:snapshots]
    figures = Bench.measure { work(repeats) }
    snapshots = cost[:snapshots] - before
    HeapPeriscopeAgent.stop if agent
    figures.merge(repeats:, snapshots:)
  end

  def work_for(seconds)
    deadline = Process.clock_gettime(Process::CLOCK_MONOTONIC) + seconds
    work while Process.clock_gettime(Process::CLOCK_MONOTONIC) < deadline
  end

  # Censuses that came due and those that were completed; and what a round takes.
  def pace
    HeapPeriscopeAgent.start
    before = cost
    work_for(PACE_S)
    spent = cost.to_h { |key, value| [key, value.is_a?(Numeric) ? value - before.fetch(key, 0) : value] }
    HeapPeriscopeAgent.stop
    { due: spent[:snapshots] + spent[:snapshots_skipped], completed: spent[:censuses] - spent[:censuses_incomplete],
      round_s: Bench.measure { work(100) }[:cpu] / 100 }
  end
end

if Bench.worker?
  ThroughputWorker.call(Integer(ARGV[1]), Float(ARGV[2]), Integer(ARGV[3]))
  exit!
end

options = { rounds: 9, "round-seconds": 12.0 }
parser = OptionParser.new
options.each { |name, default| parser.on("--#{name} N", default.class) { |value| options[name] = value } }
sizes = parser.parse(ARGV).map { |size| Integer(size) }
sizes = SIZES.keys if sizes.empty?
sizes.each do |size|
  limit = SIZES.fetch(size, SIZES.values.last)
  alone = Bench::Worker.new(__FILE__, size, INTERVAL_S, 1)
  pace = alone.ask("pace")
  alone.close
  repeats = (options[:"round-seconds"] * Bench::Pairs::SHARE / pace[:round_s]).ceil
  pair = Bench::Pairs.new { |core| Bench::Worker.new(__FILE__, size, INTERVAL_S / Bench::Pairs::SHARE, repeats, core:) }
  pair.error
  options[:rounds].times { pair.round(%w[on again]) }
  pair.close

  Bench.heading("Request-like workload, #{size / 1e6} M live objects, detailed objects, interval #{INTERVAL_S} s")
  Bench.table(pair.rows({ "again" => "none again (A/A)", "on" => "agent" }, :repeats))
  puts "snapshots in a second of processor time: #{format("%.2f", pair.sum("on", :snapshots) / pair.sum("on", :cpu))}"
  pair.judge_noise
  on = pair.ratio("on")
  Bench.bar("CPU at most #{format("×%.2f", limit)} of none: #{Bench.times(on.value)} (#{Bench.interval(on)})", on.value <= limit)
  Bench.bar("at interval 1 s #{pace[:completed]} of #{pace[:due]} censuses completed, at least 90 %", pace[:completed] >= pace[:due] * 0.9)
end
Bench.finish
