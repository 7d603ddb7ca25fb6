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

    # What one event of a mode (a census) costs: what the mode took more than the base, by event.
    # @return [Turns::Estimate] in seconds of processor time
    def cost_of(event, mode)
      Turns.estimate(@rounds.filter_map do |round|
        blocks = round.fetch(mode)
        events = blocks.sum { |on, _base| on.fetch(event) }
        blocks.sum { |on, base| on[:cpu] - base[:cpu] } / events if events.positive?
      end)
    end

    # Rows for Bench.table as those of Turns, the base first.
    # @param names [Hash{String => String}] row names by mode
    # @param unit [Symbol] the figure that counts units of work
    def rows(names, unit)
      blocks = @rounds.flat_map { |round| round.values.flatten(1) }
      head = ["#{@rounds.size} rounds", "wall, beside the other", "CPU", "wall ratio", "CPU ratio", "95 % interval"]
      [head, ["none", *times(blocks.map(&:last), unit), "", "", ""]] + names.map do |mode, name|
        cpu = ratio(mode)
        [name, *times(@rounds.flat_map { |round| round.fetch(mode).map(&:first) }, unit),
         Bench.times(ratio(mode, :wall).value), Bench.times(cpu.value), Bench.interval(cpu)]
      end
    end

    def judge_noise = Bench.judge_noise(ratio(Turns::AGAIN))

    def close = @workers.each(&:close)

    private

    def times(blocks, unit)
      %i[wall cpu].map { |clock| Bench.ms(blocks.sum { |block| block.fetch(clock) } / blocks.sum { |block| block.fetch(unit) }) }
    end

    def ask(commands)
      @workers.zip(commands).map { |worker, command| Thread.new { worker.ask(command) } }.map(&:value)
    end
  end
end
