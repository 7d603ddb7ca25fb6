# frozen_string_literal: true

# What spans cost: HeapPeriscopeAgent.span itself; requests through a real Rails stack with a million live objects, controllers
# and models instrumented, against none, and against the original gem 0.3.0; Sidekiq jobs measured, against none.
# Requests are measured in two processes that share a core (support/pairs.rb); jobs by modes that take turns in one process, of
# which there are many, one after the other, in short blocks (support/turns.rb). The agent runs in all of them.
#   bin/exec ruby benchmark/spans.rb [--seconds 100] [--objects 1000000] [span requests censuses original sidekiq]
# The bar of a request is that of spans and censuses (blocks with ten times as many censuses as by default: a tenth of what they
# cost) together.
require "optparse"
require_relative "support/bench"
require_relative "support/span_workers"
require_relative "../spec/support/redis_server"

if Bench.worker?
  role, *arguments = ARGV.drop(1)
  Bench::SpanWorkers.public_send(role, *arguments.map { |argument| Integer(argument) })
  exit!
end

module Bench
  # The tables of this script, one method each.
  class SpanTables
    MODES = { "none" => "none", "again" => "none again (A/A)", "on" => "instrumented" }.freeze
    # Some ten censuses by default.
    PACE_S = 150
    SIDEKIQ_PROCESSES = 36

    def initialize(script, seconds:, objects:)
      @script = script
      @seconds = seconds
      @objects = objects
    end

    def span
      costs = with_worker("span_cost") do |worker|
        Array.new(9) { %w[off on].to_h { |mode| [mode, worker.ask(mode)[:nanoseconds]] } }
      end
      off, on = %w[off on].map { |mode| Bench.median(costs.map { |cost| cost[mode] }) }
      Bench.heading("HeapPeriscopeAgent.span around an empty block, beyond a yield")
      Bench.table([["9 rounds", "CPU"], ["collecting off", "#{off.round} ns"], ["collecting on", "#{on.round} ns"]])
      Bench.bar("at most 2 000 ns when on", on <= 2000)
      Bench.bar("at most 100 ns when off", off <= 100)
    end

    def requests
      pair = compare("requests")
      Bench.heading("Five requests through Rails, #{@objects / 1e6} M live objects: spans, without their censuses")
      Bench.table(pair.rows(MODES.except("none"), :visits))
      objects = %w[again on].map { |mode| pair.sum(mode, :objects) / pair.sum(mode, :visits) }
      puts "objects allocated by five requests: #{objects.first}, instrumented #{objects.last}"
      pair.judge_noise
      @spans = pair.ratio("on")
    end

    def censuses
      pair = compare("censuses")
      pace = with_worker("pace", @objects) { |worker| worker.ask(PACE_S) }
      Bench.heading("Five requests through Rails, #{@objects / 1e6} M live objects: ten times as many censuses as by default")
      Bench.table(pair.rows(MODES.except("none"), :visits))
      cost = pair.cost_of(:censuses, "on")
      puts format("a census costs %.1f ms (%.1f … %.1f)", *cost.to_a.map { |seconds| seconds * 1000 }),
           "by default: #{pace[:censuses]} in #{pace[:cpu].round} s of processor time; " \
           "names with spans: #{pace[:names]}, with their census: #{pace[:counted]}"
      share = cost.to_a.map { |seconds| seconds * pace[:censuses] / pace[:cpu] }
      judge_request(share) if @spans
    end

    # Both parts are independent, so their errors add up as squares.
    def judge_request(share)
      value = @spans.value + share[0]
      error = Math.hypot(@spans.high - @spans.low, share[2] - share[1]) / 2
      Bench.bar(format("CPU at most ×1.01 of none: ×%.4f ± %.4f (spans ×%.4f, censuses %.4f)", value, error, @spans.value, share[0]),
                value <= 1.01)
    end

    def original
      library = Bench.rival_environment.fetch("RIVAL_LIB")
      none, on = with_worker("original", @objects, env: { "RIVAL_LIB" => library }) { |worker| %w[none on].map { |mode| worker.ask(mode) } }
      times = %i[wall cpu].map { |key| [on, none].map { |answer| answer[key] / answer[:visits] } }
      Bench.heading("Five requests through Rails, #{@objects / 1e6} M live objects: the original gem 0.3.0")
      Bench.table([["one round", "wall", "CPU", "wall ratio", "CPU ratio"],
                   ["none", *times.map { |_, base| Bench.ms(base) }, "", ""],
                   ["instrumented", *times.map { |time, _| Bench.ms(time) }, *times.map { |time, base| Bench.ratio(time, base) }]])
    end

    # How the processors of a process lie in memory makes a difference of its own, as large as what is measured, so there are many
    # processes, those of each mode are made first in a third of them, and one process counts as one round.
    def sidekiq
      redis = RedisServer.new
      env = { "REDIS_URL" => redis.url }
      judge_jobs(Turns.new(Array.new(SIDEKIQ_PROCESSES) do |n|
        take_turns("sidekiq", n % 3, seconds: @seconds / SIDEKIQ_PROCESSES, env:).total
      end))
    ensure
      redis.close
    end

    def judge_jobs(turns)
      Bench.heading("#{turns.sum("on", :jobs)} Sidekiq jobs that do nothing, with the agent's hook in the processor and without")
      Bench.table(turns.rows(MODES, :jobs))
      turns.judge_noise
      on = turns.ratio("on")
      Bench.bar("CPU at most ×1.02 of none: #{Bench.times(on.value)} (#{Bench.interval(on)})", on.value <= 1.02)
    end

    private

    def compare(role)
      pair = Pairs.new { |core| Worker.new(@script, role, @objects, core:) }
      pair.error
      (@seconds / SpanWorkers::PAIR_S / 8).ceil.clamp(9..).times { pair.round(%w[on again]) }
      pair.tap(&:close)
    end

    def with_worker(*role, env: {})
      worker = Worker.new(@script, *role, env:)
      yield(worker).tap { worker.close }
    end

    def take_turns(*role, seconds: @seconds, env: {})
      with_worker(*role, env:) do |worker|
        worker.ask("on")
        Turns.take(["on"], seconds:) { |mode| worker.ask(mode) }
      end
    end
  end
end

options = { seconds: 100.0, objects: 1_000_000 }
parser = OptionParser.new
options.each { |name, default| parser.on("--#{name} N", default.class) { |value| options[name] = value } }
parts = parser.parse(ARGV)
parts = %w[span requests censuses original sidekiq] if parts.empty?

tables = Bench::SpanTables.new(__FILE__, **options)
parts.each { |part| tables.public_send(part) }
Bench.finish
