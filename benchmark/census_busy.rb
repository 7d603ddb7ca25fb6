# frozen_string_literal: true

# How a census behaves in a running program: 1 M and 4 M objects, idle and beside 5 threads that compute and allocate.
# The agent's own figures (agent_cost.census) of 100 snapshots are read off the wire.
#   bin/exec ruby benchmark/census_busy.rb [censuses [objects …]]
require "socket"
require_relative "support/bench"
require_relative "support/heap"

# Objects → seconds between snapshots, and the deadline of the census in seconds.
CENSUS_PACE = { 1_000_000 => [1.0, 5.0], 4_000_000 => [4.0, 30.0] }.freeze

def compute_and_allocate
  loop do
    rows = Array.new(200) { |i| { id: i, name: "row #{i}", values: [i, i * 2] } }
    rows.group_by { |row| row[:id] % 7 }.transform_values(&:size)
  end
end

if Bench.worker?
  require "heap_periscope_agent"
  _, objects, threads, port, interval = ARGV
  keep = Bench::Heap.fill(Integer(objects))
  Integer(threads).times { Thread.new { compute_and_allocate } }
  HeapPeriscopeAgent.configure do |config|
    config.port = Integer(port)
    config.interval = Float(interval)
    config.enable_detailed_objects = true
    config.verbose = false
  end
  Bench::Worker.serve do |_command|
    HeapPeriscopeAgent.start
    { kept: keep.size }
  end
  exit!
end

def censuses(socket, count, patience)
  found = []
  while found.size < count
    abort "no snapshot within #{patience} s" unless socket.wait_readable(patience)
    report = JSON.parse(socket.recv(65_536), symbolize_names: true)
    found << report[:payload][:agent_cost].merge(report[:payload][:agent_cost][:census]) if report[:type] == "snapshot"
  end
  found
end

wanted = Integer(ARGV.shift || 100)
sizes = ARGV.empty? ? CENSUS_PACE.keys : ARGV.map { |size| Integer(size) }
Bench.heading("#{wanted} censuses with bytes in a running program, slices of 1 ms")
rows = [["objects", "threads", "slices", "own slices: longest, p50", "p99", "most", "stall: longest, p50", "most",
         "census takes, p50", "p95", "complete"]]
verdicts = []
sizes.product([0, 5]).each do |size, threads|
  interval, deadline = CENSUS_PACE.fetch(size)
  interval = [interval, 1.0].min if threads.zero?
  socket = UDPSocket.new
  socket.bind("127.0.0.1", 0)
  worker = Bench::Worker.new(__FILE__, size, threads, socket.addr[1], interval)
  worker.ask("start")
  list = censuses(socket, wanted, 60)
  worker.close
  slice, stall, wall = %i[longest_slice_ms longest_stall_ms wall_ms].map { |key| list.map { |census| census[key] } }
  complete = list.count { |census| census[:complete] && census[:wall_ms] <= deadline * 1000 }
  rows << [size, threads, Bench.median(list.map { |census| census[:slices] }), format("%.2f ms", Bench.median(slice)),
           format("%.2f ms", Bench.quantile(slice, 0.99)), format("%.2f ms", slice.max),
           format("%.2f ms", Bench.median(stall)), format("%.2f ms", stall.max), format("%.0f ms", Bench.median(wall)),
           format("%.0f ms", Bench.quantile(wall, 0.95)), "#{complete} of #{wanted}"]
  # Slices over 2 ms are at most one a census that had one: an upper bound of their share.
  over = slice.count { |ms| ms > 2 }
  total = list.sum { |census| census[:slices] }
  name = "#{size / 1_000_000} M objects, #{threads} threads"
  verdicts << ["#{name}: own slices ≤ 2 ms p99 (#{over} censuses of #{wanted} had a longer one, in #{total} slices)",
               over <= total / 100.0]
  verdicts << ["#{name}: complete within #{deadline} s in ≥ 95 %", complete >= wanted * 0.95]
end
Bench.table(rows)
verdicts.each { |text, reached| Bench.bar(text, reached) }
Bench.finish
