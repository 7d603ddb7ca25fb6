# frozen_string_literal: true

# GVL time of a census by class, against the original agent's walk and against a walk in C that reads nothing but flags.
#   bin/exec ruby benchmark/census.rb [objects …]
require_relative "support/bench"
require_relative "support/heap"

CENSUS_MEASURES = {
  "bare" => -> { HeapPeriscopeAgent::Testing.bare_walk_ns / 1e9 },
  "bytes" => -> { HeapPeriscopeAgent::Testing.census(true, true, 0)[:gvl_ns] / 1e9 },
  "counts" => -> { HeapPeriscopeAgent::Testing.census(true, false, 0)[:gvl_ns] / 1e9 },
  "original" => -> { Bench.measure { HeapPeriscopeAgent::Collector.collect_detailed_living_objects_for_span(20) }[:wall] }
}.freeze

if Bench.worker?
  require "heap_periscope_agent"
  keep = Bench::Heap.fill(Integer(ARGV[2]))
  Bench::Worker.serve do |command|
    GC.start if command == "collect"
    measure = CENSUS_MEASURES.fetch(command)
    seconds = nil
    cpu = Bench.measure { seconds = measure.call }[:cpu]
    { seconds: seconds, cpu: cpu, live: GC.stat(:heap_live_slots), kept: keep.size }
  end
  exit
end

rival_env = Bench.rival_environment

sizes = ARGV.empty? ? [1_000_000, 4_000_000] : ARGV.map { |size| Integer(size) }
sizes.each do |size|
  Bench.heading("Census by class, #{size / 1_000_000.0} M objects: time with the GVL held, median of interleaved rounds")
  ours = Bench::Worker.new(__FILE__, "ours", size)
  original = Bench::Worker.new(__FILE__, "original", size, env: rival_env)
  times = Hash.new { |hash, key| hash[key] = [] }
  live = nil
  9.times do |round|
    %w[bare bytes counts bytes].each_with_index do |measure, i|
      answer = ours.ask(measure)
      live = answer[:live]
      times[i == 3 ? "bytes again (A/A)" : measure] << answer
    end
    times["original"] << original.ask("original") if round < 5
  end
  [ours, original].each(&:close)

  wall = times.transform_values { |answers| Bench.median(answers.map { |answer| answer[:seconds] }) }
  cpu = times.transform_values { |answers| Bench.median(answers.map { |answer| answer[:cpu] }) }
  rows = [["#{live} live slots", "GVL", "CPU", "against bare", "original is slower by"]]
  ["original", "bytes", "bytes again (A/A)", "counts", "bare"].each do |name|
    rows << [name, Bench.ms(wall[name]), Bench.ms(cpu[name]), Bench.ratio(wall[name], wall["bare"]),
             format("%.0f×", wall["original"] / wall[name])]
  end
  Bench.table(rows)
  Bench.bar("with bytes at least 25 times faster than the original", wall["original"] / wall["bytes"] >= 25)
  Bench.bar("without bytes at least 60 times faster than the original", wall["original"] / wall["counts"] >= 60)
  Bench.bar("with bytes at most 3.5 times a bare walk", wall["bytes"] / wall["bare"] <= 3.5)
  Bench.bar("without bytes at most 1.5 times a bare walk", wall["counts"] / wall["bare"] <= 1.5)
end
Bench.finish
