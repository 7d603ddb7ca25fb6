# frozen_string_literal: true

require_relative "gem_folder"
require_relative "program_storm"

# Programs that are sampled and let go of objects: what they let go of is gone after one collection, and another profiler counts
# what it counts alone.
class DeadStorm < ProgramStorm
  PREAMBLE = <<~RUBY
    require "heap_periscope_agent"
    rounds = Integer(ENV.fetch("STORM_ROUNDS"))
    HeapPeriscopeAgent.configure do |config|
      config.port = 9
      config.verbose = false
      config.enable_allocation_sampling = true
      config.allocation_budget = Float(ENV.fetch("STORM_BUDGET"))
    end
    HeapPeriscopeAgent.start
    class Probe; end
  RUBY

  # A thread of its own leaves no address on the stack of the main one.
  PROGRAMS = {
    "objects of a thread that has ended" => <<~RUBY,
      print(rounds.times.count do
        Thread.new { Array.new(2000) { Probe.new }; nil }.join
        GC.start
        sleep 0.005
        !ObjectSpace.each_object(Probe).count.zero?
      end)
    RUBY
    "weak references" => <<~RUBY,
      require "weakref"
      print((rounds / 100.0).ceil.times.sum do
        references = Thread.new { Array.new(1000) { WeakRef.new(Probe.new) } }.value
        GC.start
        references.count(&:weakref_alive?)
      end)
    RUBY
    "what memory_profiler counts" => <<~RUBY
      $LOAD_PATH.concat(Dir[File.join(ENV.fetch("STORM_GEMS"), "gems/memory_profiler-*/lib")])
      require "memory_profiler"
      print(rounds.times.count do
        report = MemoryProfiler.report { 1000.times { Probe.new } }
        [report.total_retained, report.total_allocated] != [0, 1000]
      end)
    RUBY
  }.freeze

  BUDGETS = %w[0.01 0.2].freeze

  def initialize(rounds:, jobs:)
    super(jobs: jobs)
    @rounds = rounds
    @gems = GemFolder.of("rival:profilers[memory_profiler]")
  end

  # @raise [RuntimeError] when a round is not as without the agent
  def call
    storm(PROGRAMS.keys.product(BUDGETS)) do |name, budget|
      env = { "STORM_ROUNDS" => @rounds.to_s, "STORM_BUDGET" => budget, "STORM_GEMS" => @gems }
      out, err, status = program(PREAMBLE + PROGRAMS.fetch(name), env)
      "#{name}, budget #{budget}: #{status}, wrong: #{out.inspect} #{err.lines.first(3).join}" unless status.success? && out == "0"
    end
  end
end
