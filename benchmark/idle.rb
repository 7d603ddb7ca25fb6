# frozen_string_literal: true

# A running agent in an idle program, interval 10 s: processor time, memory, allocated objects; and what encoding and sending one
# detailed snapshot takes.
#   bin/exec ruby benchmark/idle.rb [seconds]
require "socket"
require_relative "support/bench"

def resident_bytes
  File.read("/proc/self/status")[/VmRSS:\s+(\d+)/, 1].to_i * 1024
end

def idle(seconds)
  before = [GC.stat(:total_allocated_objects), Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID)]
  sleep seconds
  { objects: GC.stat(:total_allocated_objects) - before[0],
    cpu: Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID) - before[1], rss: resident_bytes }
end

if Bench.worker?
  require "json"
  seconds = Float(ARGV[2])
  if ARGV[1] == "agent"
    require "heap_periscope_agent"
    HeapPeriscopeAgent.configure do |config|
      config.port = Integer(ARGV[3])
      config.verbose = false
    end
    HeapPeriscopeAgent.start
    sleep 3 # past the first snapshot: steady state
  end
  Bench::Worker.serve do |command|
    if command == "delivery"
      HeapPeriscopeAgent.configure { |config| config.enable_detailed_objects = true }
      HeapPeriscopeAgent::Testing.delivery_times(200)
    else
      idle(seconds)
    end
  end
  exit!
end

seconds = Float(ARGV.shift || 60)
sink = UDPSocket.new
sink.bind("127.0.0.1", 0)
workers = { "none" => Bench::Worker.new(__FILE__, "none", seconds), "none again (A/A)" => Bench::Worker.new(__FILE__, "none", seconds),
            "agent" => Bench::Worker.new(__FILE__, "agent", seconds, sink.addr[1]) }
answers = workers.transform_values { |worker| Thread.new { worker.ask("idle") } }.transform_values(&:value)
times = workers["agent"].ask("delivery").transform_values { |list| Bench.median(list) }

Bench.heading("An idle program for #{seconds.round} s, interval 10 s")
rows = [["", "CPU", "share of a core", "RSS", "objects allocated"]]
answers.each do |name, answer|
  rows << [name, Bench.ms(answer[:cpu]), format("%.4f %%", answer[:cpu] / seconds * 100),
           format("%.1f MB", answer[:rss] / 1024.0 / 1024), answer[:objects]]
end
Bench.table(rows)
ticks = seconds.round
share = (answers["agent"][:cpu] - answers["none"][:cpu]) / seconds
growth = (answers["agent"][:rss] - answers["none"][:rss]) / 1024.0 / 1024
objects = [answers["agent"][:objects] - answers["none"][:objects], 0].max / ticks.to_f
puts format("share of a core: %.4f %%, memory: %.2f MB, objects a tick: %.2f", share * 100, growth, objects)

Bench.heading("One detailed snapshot, median of 200")
Bench.table([["", "time"], ["with the GVL, without the census", format("%.0f µs", times[:gvl_us])],
             ["encoding, without the GVL", format("%.0f µs", times[:encode_us])],
             ["sending, without the GVL", format("%.0f µs", times[:send_us])]])
Bench.bar("at most 0.05 % of a core", share <= 0.0005)
Bench.bar("at most 2 MB of memory over the program alone", growth <= 2)
Bench.bar("0 objects allocated a tick", objects.zero?)
Bench.bar("encode and send at most 200 µs", times[:encode_us] + times[:send_us] <= 200)
Bench.bar("at most 300 µs of GVL time for everything but the census", times[:gvl_us] <= 300)
Bench.finish
