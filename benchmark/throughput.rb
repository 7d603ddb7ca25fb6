# frozen_string_literal: true

# The request-like workload with the agent at interval 1 s and detailed objects, against none, in short blocks by turns in one
# process (support/turns.rb). With few objects, so that a block holds censuses enough, they are taken several times as often there;
# not so often that a census is late, since a late one does not wait for the collector. What one interval costs is what the
# agent's blocks take more, by the snapshots in them. Whether censuses come to their end is seen in a run at 1 s.
#   bundle exec ruby benchmark/throughput.rb [--seconds 180] [objects …]
require "optparse"
require "socket"
require_relative "support/bench"
require_relative "support/heap"

# Live objects: [the bar, seconds between snapshots in the blocks]
SIZES = { 100_000 => [1.01, 0.25], 1_000_000 => [1.03, 1.0] }.freeze
BLOCK_S = 2.0
PACE_S = 20
FIRST_SNAPSHOT_S = 1
# What adding up PSS costs at most (REST in process_memory.c): it is done by time, so some blocks hold none of it.
PSS_SHARE = 0.002

module ThroughputWorker
  module_function

  def call(size, interval)
    require "heap_periscope_agent"
    keep = Bench::Heap.fill(size)
    configure(@interval = interval)
    repeats = repeats_for(BLOCK_S)
    Bench::Worker.serve do |command|
      figures = command == "pace" ? pace : block(command == "agent", repeats)
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

  def work = Bench::Request.round(4_000)

  def repeats_for(seconds)
    10.times { work }
    [(seconds / (Bench.measure { 10.times { work } }[:wall] / 10)).round, 1].max
  end

  def cost = HeapPeriscopeAgent.agent_cost

  # Begins when the start and the first snapshot are over, and at no fixed moment between two snapshots: a census that runs on past
  # the end of one block costs that block too little, one that ran on into it too much.
  def block(agent, repeats)
    HeapPeriscopeAgent.start if agent
    GC.start
    work_for(FIRST_SNAPSHOT_S + (@interval * (1 + rand)))
    before = cost[:snapshots]
    figures = Bench.measure { repeats.times { work } }
    snapshots = cost[:snapshots] - before
    HeapPeriscopeAgent.stop if agent
    figures.merge(repeats:, snapshots:)
  end

  def work_for(seconds)
    deadline = Process.clock_gettime(Process::CLOCK_MONOTONIC) + seconds
    work while Process.clock_gettime(Process::CLOCK_MONOTONIC) < deadline
  end

  # Censuses that came due and those that were completed.
  def pace
    configure(1.0)
    HeapPeriscopeAgent.start
    before = cost
    Bench.measure { repeats_for(PACE_S).times { work } }
    spent = cost.to_h { |key, value| [key, value.is_a?(Numeric) ? value - before.fetch(key, 0) : value] }
    HeapPeriscopeAgent.stop
    { due: spent[:snapshots] + spent[:snapshots_skipped], completed: spent[:censuses] - spent[:censuses_incomplete] }
  end
end

if Bench.worker?
  ThroughputWorker.call(Integer(ARGV[1]), Float(ARGV[2]))
  exit!
end

seconds = 180.0
sizes = OptionParser.new { |parser| parser.on("--seconds N", Float) { |value| seconds = value } }.parse(ARGV).map { |size| Integer(size) }
sizes = SIZES.keys if sizes.empty?
sizes.each do |size|
  limit, interval = SIZES.fetch(size) { SIZES.fetch(1_000_000) }
  worker = Bench::Worker.new(__FILE__, size, interval)
  turns = Bench::Turns.take(["agent"], seconds:) { |mode| worker.ask(mode) }
  pace = worker.ask("pace")
  worker.close

  Bench.heading("Request-like workload, #{size / 1e6} M live objects, detailed objects, a snapshot every #{interval} s")
  Bench.table(turns.rows({ "none" => "none", "again" => "none again (A/A)", "agent" => "agent" }, :repeats))
  turns.judge_noise
  cost = turns.cost_of(:snapshots, "agent")
  puts format("a snapshot with its census costs %.1f ms (%.1f … %.1f)", *cost.to_a.map { |share| share * 1000 })
  Bench.bar(format("CPU at interval 1 s at most ×%<limit>.2f of none: ×%<value>.4f (%<low>.4f … %<high>.4f)",
                   limit:, **cost.to_h.transform_values { |share| 1 + PSS_SHARE + share }), 1 + PSS_SHARE + cost.value <= limit)
  Bench.bar("at interval 1 s #{pace[:completed]} of #{pace[:due]} censuses completed, at least 90 %", pace[:completed] >= pace[:due] * 0.9)
end
Bench.finish
