# frozen_string_literal: true

# Allocation sampling: what it costs beside other observers, whether its shares are true, and whether it falls in step with
# programs that work in phases.
#   bin/exec ruby benchmark/sampling.rb [--rounds 9] [--round-seconds 10] [--truth-seconds 60] [--repeats 20] [--steady-seconds 600]
#                                       [--rivals false] [cost truth phases steady]
# Each observer has two processes of its own that share a core, one with it and one without, by turns (support/pairs.rb); a second row
# with neither shows the noise (A/A). The observers take turns, round by round.
require "optparse"
require_relative "support/bench"
require_relative "support/observers"
require_relative "support/sampled_workloads"
require_relative "support/sampling_tables"
require_relative "support/sampling_truth"

module Bench
  # The part of each worker that answers commands.
  module SamplingWorker
    module_function

    def call(role, *arguments)
      GC.start
      public_send(role, *arguments)
    end

    LIVE_OBJECTS = 300_000

    # What an observer allocates, and so adds to collections, is counted.
    def cost(name, repeats)
      observer = Observers::ALL.fetch(name).call
      repeats = Integer(repeats)
      keep = Heap.fill(LIVE_OBJECTS)
      Worker.serve do |command|
        GC.start
        observer.start if command == "on"
        # Past the start and the first snapshot: ten seconds then hold one snapshot, as they do in a process that runs for long.
        requests(repeats / 5)
        figures = Bench.measure_with_objects { requests(repeats) }.merge(kept: keep.size)
        figures[:facts] = observer.stop.then { observer.facts } if command == "on"
        figures
      end
    rescue LoadError, NameError => e
      Worker.serve { { error: "#{e.class}: #{e.message.lines.first.chomp[0, 80]}" } }
    end

    def requests(repeats) = Request.rounds_with_collections(repeats, 4_000)

    def truth(workload)
      Worker.serve do |command|
        seconds = Float(command)
        { truth: SamplingTruth.traced(workload.to_sym), estimate: SamplingTruth.sampled(workload.to_sym, seconds) }
      end
    end

    def phases(length_ms)
      Worker.serve { |command| SamplingTruth.phases(Float(length_ms) / 1000, Float(command)) }
    end

    def steady(observed)
      Observers::ALL.fetch(observed).call.start unless observed == "none"
      10.times { Request.round(4_000) }
      Worker.serve do |command|
        ended = Process.clock_gettime(Process::CLOCK_MONOTONIC) + Float(command)
        Request.round(4_000) until Process.clock_gettime(Process::CLOCK_MONOTONIC) > ended
        GC.start
        status = observed == "none" ? {} : HeapPeriscopeAgent.allocation_sampling
        status.merge(rss_kb: File.read("/proc/self/status")[/VmRSS:\s+(\d+)/, 1].to_i)
      end
    end
  end
end

if Bench.worker?
  _, role, *arguments = ARGV
  %w[gems/*/lib extensions/*/*/*].each { |folders| $LOAD_PATH.concat(Dir[File.join(ENV.fetch("PROFILERS", "/nowhere"), folders)]) }
  Bench::SamplingWorker.call(role, *arguments)
  exit!
end

options = { rounds: 9, "round-seconds": 10.0, "truth-seconds": 60.0, repeats: 20, "steady-seconds": 600.0 }
parser = OptionParser.new
parser.on("--rivals ANSWER", TrueClass) { |value| options[:rivals] = value }
options.each { |name, default| parser.on("--#{name} N", default.class) { |value| options[name] = value } }
parts = parser.parse(ARGV)
parts = %w[cost truth phases steady] if parts.empty?

tables = Bench::SamplingTables.new(__FILE__, options)
parts.each { |part| tables.public_send(part) }
Bench.finish
