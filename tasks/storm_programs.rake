# frozen_string_literal: true

namespace :storm do
  desc "End 2 000 programs while their threads allocate, JOBS=6 at a time (ENDS=n for another number)"
  task exit: :compile do
    require_relative "../spec/support/exit_storm"
    ends = Integer(ENV.fetch("ENDS", "2000"))
    ExitStorm.new(ends: ends, jobs: Integer(ENV.fetch("JOBS", "6"))).call
    puts "Ruby #{RUBY_VERSION}: #{ends} ends, each as without the agent"
  end

  desc "Sample allocations beside Ractors, RUNS=10 programs of SECONDS=60 each, JOBS=2 at a time"
  task ractors: :compile do
    require_relative "../spec/support/ractor_storm"
    runs, seconds, jobs = { RUNS: 10, SECONDS: 60, JOBS: 2 }.map { |name, number| Integer(ENV.fetch(name.to_s, number.to_s)) }
    RactorStorm.new(runs: runs, seconds: seconds, jobs: jobs).call
    puts "Ruby #{RUBY_VERSION}: #{runs} runs of #{seconds} s beside Ractors, all survived"
  end
  desc "Let go of objects under sampling, and have memory_profiler count, ROUNDS=300 a program, JOBS=2 at a time"
  task dead: :compile do
    require_relative "../spec/support/dead_storm"
    rounds = Integer(ENV.fetch("ROUNDS", "300"))
    DeadStorm.new(rounds: rounds, jobs: Integer(ENV.fetch("JOBS", "2"))).call
    puts "Ruby #{RUBY_VERSION}: #{rounds} rounds of each, nothing lived longer or was counted twice"
  end
end
