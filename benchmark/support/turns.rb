# frozen_string_literal: true

module Bench
  # Modes of one process compared on a machine that is not still: short blocks of the same work take turns, forwards and
  # backwards (none on again again on none), so that what changes slowly falls on all modes alike. One such palindrome is a
  # round; the next one begins with the next mode. Modes are compared within a round, and the median of the rounds is the figure: a
  # neighbour that takes half the memory bus for some seconds spoils a round and not the sum. Every figure comes with a 95 %
  # interval from a bootstrap over rounds (Efron 1979): rounds are drawn anew with replacement, as often as there are, and the
  # figure is taken of each draw.
  class Turns
    BASE = "none"
    AGAIN = "again"
    DRAWS = 1000

    Estimate = Struct.new(:value, :low, :high)

    # @param modes [Array<String>] beside "none" and "none again", which are always there
    # @param seconds [Numeric] begins no new round after it
    # @yieldparam mode [String]
    # @yieldreturn [Hash] figures of one block, numbers by name; sums of them are what is compared
    def self.take(modes, seconds:)
      order = [BASE, *modes, AGAIN]
      deadline = Process.clock_gettime(Process::CLOCK_MONOTONIC) + seconds
      rounds = []
      while rounds.size < 3 || Process.clock_gettime(Process::CLOCK_MONOTONIC) < deadline
        turn = order.rotate(rounds.size)
        blocks = [*turn, *turn.reverse].map { |mode| [mode, yield(mode)] }
        rounds << blocks.group_by(&:first).transform_values { |pairs| add(pairs.map(&:last)) }
      end
      new(rounds)
    end

    def self.add(figures)
      figures.reduce { |sum, more| sum.merge(more) { |_, a, b| a.is_a?(Numeric) ? a + b : b } }
    end

    # @return [Estimate] the median, with the interval that the class comment tells
    def self.estimate(values)
      random = Random.new(1)
      drawn = Array.new(DRAWS) { Bench.median(Array.new(values.size) { values.sample(random: random) }) }
      Estimate.new(Bench.median(values), Bench.quantile(drawn, 0.025), Bench.quantile(drawn, 0.975))
    end

    attr_reader :rounds

    def initialize(rounds)
      @rounds = rounds
    end

    # @return [Hash{String => Hash}] all rounds as one
    def total = @rounds.reduce { |sum, round| sum.merge(round) { |_, a, b| Turns.add([a, b]) } }

    # @return [Numeric] of all blocks of a mode
    def sum(mode, key) = @rounds.sum { |round| round.fetch(mode).fetch(key) }

    # @return [Object] what the last block of a mode said
    def last(mode, key) = @rounds.last.fetch(mode)[key]

    # What a mode took for the same work, as a multiple of the base.
    # @return [Estimate]
    def ratio(mode, key = :cpu)
      Turns.estimate(rounds.map { |round| figure(round, mode, key) / figure(round, BASE, key) })
    end

    # Rows for Bench.table: each mode's time for a unit of work and its ratio, by wall clock and by processor time.
    # @param names [Hash{String => String}] row names by mode
    # @param unit [Symbol] the figure that counts units of work
    def rows(names, unit)
      [["#{@rounds.size} rounds", "wall", "CPU", "wall ratio", "CPU ratio", "95 % interval"]] + names.map do |mode, name|
        times = %i[wall cpu].map { |key| Bench.ms(sum(mode, key) / sum(mode, unit)) }
        cpu = ratio(mode)
        [name, *times, Bench.times(ratio(mode, :wall).value), Bench.times(cpu.value), Bench.interval(cpu)]
      end
    end

    def judge_noise = Bench.judge_noise(ratio(AGAIN))

    private

    def figure(round, mode, key) = round.fetch(mode).fetch(key)
  end

  module_function

  def times(ratio) = format("×%.4f", ratio)

  # The bar under every comparison: rows of the same mode must agree.
  # @param again [Turns::Estimate]
  def judge_noise(again)
    bar("A/A within ± 0.5 %: #{times(again.value)} (#{interval(again)})", (again.value - 1).abs <= 0.005)
  end

  def interval(estimate) = format("%.4f … %.4f", estimate.low, estimate.high)

  # Work with collections at fixed places and not when the VM wants them: whether a heap that is nearly full has one in each round or
  # two is decided by a few objects, and makes a difference of 8 %. What a mode allocates more is counted instead (:objects).
  # @param sweep [Boolean] at once, and not by the way
  # @yield one round
  def with_collections(rounds, every: 1, sweep: true)
    GC.disable
    rounds.times do |round|
      yield
      GC.start(full_mark: false, immediate_sweep: sweep) if (round % every).zero?
    end
  ensure
    GC.enable
  end

  # @return [Hash] wall and processor seconds, and objects allocated
  def measure_with_objects(&)
    objects = GC.stat(:total_allocated_objects)
    figures = measure(&)
    figures.merge(objects: GC.stat(:total_allocated_objects) - objects)
  end
end
