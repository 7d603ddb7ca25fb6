# frozen_string_literal: true

require_relative "program_storm"

# Programs whose heap lies so that many pairs of slots have the same hash in a table keyed by addresses, sampled with everything on. The
# weak maps of Ruby 3.3 crash there: plain_ruby_bites? shows it without the agent.
class RetainedStorm < ProgramStorm
  # Where the heap lies is drawn anew at every start of a program.
  LAYOUT = <<~RUBY
    $stdout.sync = true
    def hash_of(object)
      address = Kernel.instance_method(:to_s).bind_call(object)[/0x(\\h+)/, 1].to_i(16)
      (((address >> 11) | (address << 3)) ^ (address >> 3)) & 0xffff_ffff_ffff_ffff
    end
    def colliding(objects) = objects.group_by { |object| hash_of(object) }.values.select { |group| group.size > 1 }
    tries = Integer(ENV.fetch("STORM_TRIES", "0"))
    GC.disable
    pool = Array.new(100_000) { Object.new }
    pairs = colliding(pool)
    if pairs.size < 300
      tries < 500 or abort("no layout with 300 pairs in 500 tries")
      exec({ "STORM_TRIES" => (tries + 1).to_s }, RbConfig.ruby, "-W0", "-I", ENV.fetch("STORM_LIB"), "-e", ENV.fetch("STORM_SCRIPT"))
    end
    GC.enable
  RUBY

  SAMPLED = <<~RUBY
    require "heap_periscope_agent"
    HeapPeriscopeAgent.configure do |config|
      config.port = 9
      config.interval = 0.2
      config.verbose = false
      config.gc_pauses = true
      config.enable_detailed_objects = true
      config.enable_allocation_sampling = true
      config.allocation_budget = 0.5
    end
    HeapPeriscopeAgent.start
    pairs = pool = nil
    ends = Process.clock_gettime(Process::CLOCK_MONOTONIC) + Float(ENV.fetch("STORM_SECONDS"))
    held = []
    until Process.clock_gettime(Process::CLOCK_MONOTONIC) > ends
      held << Array.new(2000) { [Object.new, "text"] }
      held.shift if held.size > 25
      HeapPeriscopeAgent.retained_sites
    end
    print HeapPeriscopeAgent.allocation_sampling[:retained_state]
  RUBY

  # Pairs die in one collection, of maps that are full of such pairs.
  PLAIN = <<~RUBY
    maps = Array.new(40) { ObjectSpace::WeakMap.new }
    pairs.each_with_index { |pair, n| pair.each { |object| maps[n % 40][object] = n } }
    filling = pool.first(4000)
    maps.each { |map| filling.each { |object| map[object] = 1 } }
    pairs = pool = nil
    20.times { GC.start; Array.new(20_000) { "x" * 30 } }
    print maps.sum(&:size) - 40 * filling.size > 0 ? "ghosts" : "clean"
  RUBY

  def initialize(runs:, seconds:, jobs:)
    super(jobs: jobs)
    @runs = runs
    @seconds = seconds
  end

  # @raise [RuntimeError] when a program does not survive
  def call
    storm(Array.new(@runs)) do
      out, err, status = run(SAMPLED)
      "#{status} #{out.inspect} #{err.lines.first(3).join}" unless status.success? && out == "on"
    end
  end

  # @return [Boolean] whether this Ruby's weak maps crash or keep what is dead on such heaps
  def plain_ruby_bites?
    Array.new(@runs) { run(PLAIN) }.any? { |out, _, status| !status.success? || out == "ghosts" }
  end

  private

  def run(script)
    program(LAYOUT + script, { "STORM_SECONDS" => @seconds.to_s, "STORM_SCRIPT" => LAYOUT + script, "STORM_LIB" => LIB })
  end
end
