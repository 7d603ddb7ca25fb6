# frozen_string_literal: true

require "etc"

module Bench
  # A mode beside the base, in two processes of the same code that share one core. The kernel gives each a few milliseconds by turns, so
  # a machine that is slow for a while (a neighbour on the sibling of the core, a lower frequency) is slow for both: on one that
  # differed from itself by 20 % from second to second, the ratio of two equal blocks of 7 s differed by 0.3 %. They
  # swap sides at once, and a round's ratio is the geometric mean of both, so that what distinguishes the two processes falls out.
  # What goes by the clock and not by work done (a budget, an interval) has to be set for half a core (SHARE).
  class Pairs
    BASE = Turns::BASE
    SHARE = 0.5

    # @yieldparam core [Integer, nil] for Worker.new
    # @yieldreturn [Worker] answers the name of a mode with the figures of one block
    def initialize
      core = Etc.nprocessors - 1 if RUBY_PLATFORM.include?("linux")
      @workers = Array.new(2) { yield core }
      @rounds = []
    end

    # @return [String, nil] why these workers cannot run; the first block, which warms them up
    def error = ask([BASE, BASE]).filter_map { |answer| answer[:error] }.first

    # Takes each mode once on either side.
    def round(modes)
      @rounds << modes.to_h { |mode| [mode, [ask([mode, BASE]), ask([BASE, mode]).reverse]] }
    end

    # @return [Object] what the last block of a mode said
    def last(mode, key) = @rounds.last.fetch(mode).last.first[key]

    # @return [Numeric] of all blocks of a mode
    def sum(mode, key) = @rounds.sum { |round| round.fetch(mode).sum { |on, _base| on.fetch(key) } }

    # @return [Turns::Estimate]
    def ratio(mode, clock = :cpu)
      Turns.estimate(@rounds.map { |round| Math.sqrt(round.fetch(mode).map { |on, base| on[clock] / base[clock] }.reduce(:*)) })
    end

    def judge_noise = Bench.judge_noise(ratio(Turns::AGAIN))

    def close = @workers.each(&:close)

    private

    def ask(commands)
      @workers.zip(commands).map { |worker, command| Thread.new { worker.ask(command) } }.map(&:value)
    end
  end
end
