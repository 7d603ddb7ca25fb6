# frozen_string_literal: true

require_relative "support/numbers"

namespace :storm do
  desc "End 2 000 programs while their threads allocate, JOBS=6 at a time (ENDS=n for another number)"
  task exit: :compile do
    require_relative "../spec/support/exit_storm"
    ends, jobs = Numbers.of(ENDS: 2_000, JOBS: 6)
    ExitStorm.new(ends: ends, jobs: jobs).call
    puts "Ruby #{RUBY_VERSION}: #{ends} ends, each as without the agent"
  end

  desc "Sample allocations beside Ractors, RUNS=10 programs of SECONDS=60 each, JOBS=2 at a time"
  task ractors: :compile do
    require_relative "../spec/support/ractor_storm"
    runs, seconds, jobs = Numbers.of(RUNS: 10, SECONDS: 60, JOBS: 2)
    RactorStorm.new(runs: runs, seconds: seconds, jobs: jobs).call
    puts "Ruby #{RUBY_VERSION}: #{runs} runs of #{seconds} s beside Ractors, all survived"
  end

  desc "Let go of objects under sampling, and have memory_profiler count, ROUNDS=300 a program, JOBS=2 at a time"
  task dead: :compile do
    require_relative "../spec/support/dead_storm"
    rounds, jobs = Numbers.of(ROUNDS: 300, JOBS: 2)
    DeadStorm.new(rounds: rounds, jobs: jobs).call
    puts "Ruby #{RUBY_VERSION}: #{rounds} rounds of each, nothing lived longer or was counted twice"
  end
end
