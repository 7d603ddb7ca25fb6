# frozen_string_literal: true

module Bench
  # The tables of benchmark/sampling.rb, one method each.
  class SamplingTables
    AGENT = Observers::ALL.keys.first
    # A rival is slower by far: fewer repeats say enough.
    RIVAL_SHARE = 10

    def initialize(script, options)
      @script = script
      @options = options
    end

    # Request-like work under each observer.
    def cost
      pairs = cost_pairs
      errors = pairs.transform_values(&:error).compact
      able = pairs.except(*errors.keys)
      @options[:rounds].times { able.each_value { |pair| pair.round(%w[on again]) } }
      Bench.heading("Request-like workload under observers, #{@options[:rounds]} rounds, medians of their ratios")
      rows = pairs.keys.map { |name| [name, *(errors[name] ? ["does not run here", "", "", ""] : cells(pairs[name]))] }
      Bench.table([["", "wall, beside the other", "CPU", "95 % interval", "A/A CPU"]] + rows)
      errors.each { |name, error| puts "#{name}: #{error}" }
      judge_cost(pairs[AGENT])
      pairs.each_value(&:close)
    end

    # The shares against full tracing, and how often the stated error holds.
    def truth
      SampledWorkloads::ALL.each do |workload|
        worker = worker("truth", workload)
        comparison = SamplingTruth.compare(worker.ask(seconds))
        Bench.heading("Shares of #{workload}, #{seconds.round} s: truth by full tracing of one round, estimate ± standard error, in %")
        Bench.table([["", "truth", "estimate", "±", "off by"]] + comparison.map { |row| shares(row) })
        shown = comparison.select { |row| row[:truth] >= 0.05 }
        Bench.bar("every class and site with at least 5 % within ± 3 points", shown.all? { |row| row[:off].abs <= 0.03 })
        judge_errors(worker)
        worker.close
      end
    end

    # A program that works in phases.
    def phases
      answers = [1, 10, 20, 50, 100].to_h do |length_ms|
        worker = worker("phases", length_ms)
        [length_ms, worker.ask(seconds).tap { worker.close }]
      end
      Bench.heading("Two classes by turns, in phases of n ms, #{seconds.round} s each")
      Bench.table([%w[phase truth estimate]] + answers.map do |length_ms, row|
        ["#{length_ms} ms", *row.values_at(:truth, :share).map { |share| format("%.2f %%", share * 100) }]
      end)
      Bench.bar("no share off by more than 3 points", answers.values.all? { |row| (row[:share] - row[:truth]).abs <= 0.03 })
    end

    # Memory of a long run at full speed.
    def steady
      long = @options[:"steady-seconds"]
      answers = ["none", AGENT].to_h { |name| [name, worker("steady", name)] }.transform_values do |worker|
        Thread.new { [worker.ask(long / 5), worker.ask(long * 4 / 5)] }
      end.transform_values(&:value)
      Bench.heading("Memory of a program at full speed for #{long.round} s, RSS in MB after a fifth of it and at the end")
      Bench.table([["", "after a fifth", "at the end", "grown"]] + answers.map { |name, pair| [name, *memory(pair)] })
      puts "missed, and counted: #{answers[AGENT].last.slice(:stacks_missed, :retained_missed, :sites_evicted)}"
      judge_memory(*answers.values.map { |pair| pair.map { |answer| answer[:rss_kb] } })
    end

    private

    def seconds = @options[:"truth-seconds"]
    def worker(...) = Worker.new(@script, ...)

    def cost_pairs
      names = @options.fetch(:rivals, true) ? Observers::ALL.keys : [AGENT]
      folder = names.size > 1 ? GemFolder.of("rival:profilers") : ""
      env = { "PROFILERS" => folder, "CORE_SHARE" => Pairs::SHARE.to_s }
      probe = worker("cost", AGENT, 20)
      probe.ask("none")
      repeats = [(@options[:"round-seconds"] / (probe.ask("none")[:wall] / 20)).round, RIVAL_SHARE].max
      probe.close
      names.to_h do |name|
        share = name == AGENT ? repeats : repeats / RIVAL_SHARE
        [name, Pairs.new { |core| worker("cost", name, share, env:, core:) }]
      end
    end

    def cells(pair)
      on = pair.ratio("on")
      [Bench.times(pair.ratio("on", :wall).value), Bench.times(on.value), Bench.interval(on), Bench.times(pair.ratio("again").value)]
    end

    def judge_cost(pair)
      puts "agent, last round: #{pair.last("on", :facts)}; objects allocated with it #{pair.sum("on", :objects)}, without #{pair.sum("again", :objects)}"
      pair.judge_noise
      limit = RUBY_VERSION >= "3.3" ? 1.02 : 1.04
      on = pair.ratio("on")
      Bench.bar("the agent at most ×#{limit} by CPU time: #{Bench.times(on.value)} (#{Bench.interval(on)})", on.value <= limit)
    end

    def shares(row)
      [row[:name], *row.values_at(:truth, :share, :error, :off).map { |share| share ? format("%.2f", share * 100) : "" }]
    end

    def judge_errors(worker)
      rows = Array.new(@options[:repeats]) { SamplingTruth.compare(worker.ask(3)) }.flatten
      rows.select! { |row| row[:error] && row[:truth] >= 0.05 }
      held = rows.count { |row| row[:off].abs <= 2 * row[:error] }
      Bench.bar("the truth within two standard errors in #{held} of #{rows.size} (classes of 5 % and more, 3 s each)", held >= 0.93 * rows.size)
    end

    def memory(pair)
      sizes = pair.map { |answer| answer[:rss_kb] / 1024.0 }
      [*sizes, sizes[1] - sizes[0]].map { |size| format("%.1f", size) }
    end

    def judge_memory(none, agent)
      Bench.bar("the agent's memory is flat (at most 2 MB more growth than without it)", (agent[1] - agent[0]) - (none[1] - none[0]) <= 2048)
      Bench.bar("at most 8 MB over the program alone", agent[1] - none[1] <= 8192)
    end
  end
end
