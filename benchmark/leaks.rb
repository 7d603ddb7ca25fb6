# frozen_string_literal: true

# Leak suspects: leaks of one object in 1 000 beside the request-like workload, and healthy programs that grow for a
# while. Every scenario runs in a process of its own, in an order drawn from the seed; intervals are shortened, the
# censuses, the collector and the heap are real. Ruby 3.1 before 3.1.4 has no retained set, so there are no sites there.
#   bin/exec ruby benchmark/leaks.rb [seed [leaks|healthy|all [scenario …]]]
# LEAK_INTERVAL and HEALTHY_INTERVAL set the seconds an interval takes.
require_relative "support/bench"
require_relative "support/heap"
require_relative "support/leak_scenarios"
require_relative "support/healthy_scenarios"

module Leaks
  LEVELS = %w[low medium high].freeze
  WITHIN = 12
  EARLIEST = 5 # growth takes seven observations: what is told before is not of this leak
  WARM_UP = 8
  HEALTHY_INTERVALS = 180 # 30 minutes of intervals of 10 seconds
  LEAK_INTERVAL = Float(ENV.fetch("LEAK_INTERVAL", "3"))
  HEALTHY_INTERVAL = Float(ENV.fetch("HEALTHY_INTERVAL", "0.5"))

  # In the worker: the workload, the agent, and what it said when.
  class Program
    ROUNDS_AN_INTERVAL = 8 # one of 10 s has 60 and more; a busy machine needs longer intervals for as many

    def initialize(interval, rounds: 1)
      require "heap_periscope_agent"
      settle
      interval = @interval = [interval, rounds * @round_s].max
      @said = []
      HeapPeriscopeAgent.configure do |config|
        config.interval = interval
        config.enable_allocation_sampling = true
        # An interval stands for one of 10 s: it gets the censuses and the samples that one would get.
        config.census_budget = [0.01 * 10 / interval, 1.0].min
        config.allocation_budget = [0.01 * 10 / interval, 1.0].min
        config.port = 9
        config.verbose = false
        config.on_leak_suspect = ->(suspect) { @said << suspect.merge(at: now) }
      end
    end

    def leak(scenario)
      scenario.leak(-1)
      HeapPeriscopeAgent.start
      run(WARM_UP) { nil }
      began = now
      leaked = 0
      first = allocated
      run(WITHIN) do
        scenario.leak(leaked += 1) while leaked < (allocated - first) / 1_000
      end
      { leaked: leaked, interval: @interval, allocated: allocated - first, said: said_since(began),
        at_end: HeapPeriscopeAgent.leak_suspects }
    end

    def healthy(make)
      step = make.call
      majors = GC.stat(:major_gc_count)
      HeapPeriscopeAgent.start
      began = now
      run(HEALTHY_INTERVALS) { |interval| step.call(interval) }
      { said: said_since(began), majors: GC.stat(:major_gc_count) - majors, censuses: complete_censuses }
    end

    private

    # What booting left behind goes, as it has in a server that has been up for a while.
    def settle
      began = now
      Thread.new { 3.times { Bench::Request.round } }.join # on a stack of its own, which ends with it
      @round_s = (now - began) / 3
      4.times { GC.start }
    end

    def run(intervals)
      began = now
      while (interval = ((now - began) / @interval).floor) < intervals
        Bench::Request.round
        yield interval
      end
    end

    def said_since(began)
      @said.map { |suspect| suspect.merge(interval: ((suspect[:at] - began) / @interval).ceil) }
    end

    def complete_censuses
      cost = HeapPeriscopeAgent.agent_cost
      cost[:censuses] - cost[:censuses_incomplete]
    end

    def allocated = GC.stat(:total_allocated_objects)
    def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
  end

  module_function

  def work(kind, name)
    Bench::Worker.serve do
      if kind == "leak"
        Program.new(LEAK_INTERVAL, rounds: Program::ROUNDS_AN_INTERVAL).leak(Bench::LeakScenarios.find(name))
      else
        Program.new(HEALTHY_INTERVAL).healthy(Bench::HealthyScenarios.all.fetch(name))
      end
    end
  end

  def ask(kind, name)
    worker = Bench::Worker.new(__FILE__, kind, name)
    answer = worker.ask("run")
    worker.close
    answer
  end

  def two_at_a_time(kind, names)
    queue = names.dup
    answers = {}
    threads = Array.new(2) do
      Thread.new { (name = queue.shift) && (answers[name] = ask(kind, name)) && redo }
    end
    threads.each(&:join)
    answers
  end

  def leaks(names)
    answers = two_at_a_time("leak", names)
    rows = names.map { |name| [Bench::LeakScenarios.find(name), answers[name]] }
    Bench.heading("Leaks of 1 object in 1 000, found within #{WITHIN} intervals of #{LEAK_INTERVAL} s or #{Program::ROUNDS_AN_INTERVAL} rounds")
    Bench.table([["leak", "class", "named in interval", "sure", "site", "leaked an hour", "told", "±", "others"]] +
                rows.map { |scenario, answer| leak_row(scenario, answer) })
    named = rows.count { |scenario, answer| named(scenario, answer) }
    asked = rows.select { |scenario, _| scenario.line }
    sited = asked.count { |scenario, answer| site(scenario, answer) == "right" }
    Bench.bar("class named within #{WITHIN} intervals: #{named} of #{rows.size}", named == rows.size)
    Bench.bar("site named within #{WITHIN} intervals: #{sited} of #{asked.size}", sited == asked.size)
  end

  # The interval after the leak began in which its class was told, nil where it was later than asked for. One that was told
  # before, of what booting left, counts when it is among the suspects at the end.
  def named(scenario, answer)
    first = answer[:said].find { |said| said[:class_name] == scenario.class_name && said[:interval] >= EARLIEST }
    return at_end(scenario, answer) && WITHIN unless first

    first[:interval] if first[:interval] <= WITHIN
  end

  def at_end(scenario, answer)
    answer[:at_end].find { |suspect| suspect[:class_name] == scenario.class_name }
  end

  def site(scenario, answer)
    sites = at_end(scenario, answer)&.fetch(:sites) || []
    return "none" if sites.empty?

    top = sites.first
    right = scenario.line && top[:path].end_with?("leak_scenarios.rb") && (top[:line] - scenario.line).between?(0, 1)
    right ? "right" : "#{top[:path].split("/").last}:#{top[:line]}"
  end

  def leak_row(scenario, answer)
    found = named(scenario, answer)
    last = at_end(scenario, answer) || {}
    rate = answer[:leaked] * 3_600 / (WITHIN * answer[:interval])
    [scenario.name, scenario.class_name.split("::").last, found || "–", last[:confidence] || "–",
     site(scenario, answer), rate.round, last[:objects_per_hour]&.round || "–", last[:objects_per_hour_error]&.round || "–",
     others(answer[:at_end], scenario.class_name)]
  end

  def others(suspects, class_name = nil)
    suspects.reject { |suspect| suspect[:class_name] == class_name }
            .group_by { |suspect| suspect[:class_name].split("::").last }
            .map do |name, said|
      "#{name} #{said.map do |one|
        one[:confidence]
      end.max_by { |level| LEVELS.index(level) }}"
    end
            .join(", ")
  end

  def healthy(names)
    answers = two_at_a_time("healthy", names)
    Bench.heading("Healthy programs, #{HEALTHY_INTERVALS} intervals of #{HEALTHY_INTERVAL} s")
    Bench.table([["program", "suspects above low", "low", "censuses", "full collections", "who"]] + names.map do |name|
      healthy_row(name, answers[name])
    end)
    above = answers.values.sum { |answer| above_low(answer) }
    Bench.bar("suspects above low: #{above} in #{names.size} programs", above.zero?)
  end

  def above_low(answer) = answer[:said].count { |suspect| suspect[:confidence] != "low" }

  def healthy_row(name, answer)
    low = answer[:said].count { |suspect| suspect[:confidence] == "low" }
    [name, above_low(answer), low, answer[:censuses], answer[:majors], others(answer[:said])]
  end
end

if Bench.worker?
  Leaks.work(*ARGV.drop(1))
else
  seed = Integer(ARGV.fetch(0, rand(10_000)))
  what = ARGV.fetch(1, "all")
  chosen = ARGV.drop(2)
  random = Random.new(seed)
  pick = ->(names) { (chosen.empty? ? names : names & chosen).shuffle(random: random) }
  puts "seed #{seed}"
  Leaks.leaks(pick.call(Bench::LeakScenarios.all.map(&:name))) if %w[all leaks].include?(what)
  Leaks.healthy(pick.call(Bench::HealthyScenarios.all.keys)) if %w[all healthy].include?(what)
  Bench.finish
end
