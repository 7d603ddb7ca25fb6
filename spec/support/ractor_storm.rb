# frozen_string_literal: true

require_relative "program_storm"

# Programs that are sampled, make Ractors that allocate, whose heap grows, and make classes themselves; every other one with censuses besides.
class RactorStorm < ProgramStorm
  PROGRAM = <<~RUBY
    require "heap_periscope_agent"
    seconds = Float(ENV.fetch("STORM_SECONDS"))
    all = ENV["STORM_ALL"] == "1"
    HeapPeriscopeAgent.configure do |config|
      config.port = 9
      config.interval = 0.02 if all
      config.verbose = false
      config.gc_pauses = true
      config.enable_allocation_sampling = true
      config.enable_detailed_objects = all
    end
    HeapPeriscopeAgent.start
    def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    opens = now + 5
    [Object.new, "a"] until (HeapPeriscopeAgent.allocation_sampling || {})[:windows].to_i > 3 || now > opens
    ends = now + seconds
    workers = Array.new(2) do |number|
      Ractor.new(ends, number) do |stops, mine|
        kept = []
        while Process.clock_gettime(Process::CLOCK_MONOTONIC) < stops
          kept.clear if kept.size > 50_000
          1000.times { |n| kept << [n.to_s, "x" * 60, { n => mine }, Object.new] }
        end
        1
      end
    end
    while now < ends
      500.times { |n| n % 50 == 0 ? [Object.new, Struct.new(:a)] : [Object.new, "a"] }
      one = Ractor.new { Ractor.new { 2 }.then { |inner| inner.respond_to?(:value) ? inner.value : inner.take } } if rand < 0.02
      next unless all && rand < 0.01

      HeapPeriscopeAgent.configure { |config| config.gc_pauses = !config.gc_pauses }
    end
    workers.each { |worker| worker.respond_to?(:value) ? worker.value : worker.take }
    print "survived"
  RUBY

  def initialize(runs:, seconds:, jobs:)
    super(jobs: jobs)
    @runs = runs
    @seconds = seconds
  end

  # @raise [RuntimeError] when a program does not survive
  def call
    storm(Array.new(@runs) { |n| (n % 2).to_s }) do |all|
      out, err, status = program(PROGRAM, { "STORM_SECONDS" => @seconds.to_s, "STORM_ALL" => all })
      "#{status} #{out.inspect} #{err.lines.first(3).join}" unless status.success? && out == "survived"
    end
  end
end
