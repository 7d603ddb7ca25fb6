# frozen_string_literal: true

require_relative "support/numbers"

namespace :storm do
  desc "Sample everything on heaps on which Ruby 3.3's weak maps crash, RUNS=30 programs of SECONDS=20 each, JOBS=2 at a time"
  task retained: :compile do
    require_relative "../spec/support/retained_storm"
    runs, seconds, jobs = Numbers.of(RUNS: 30, SECONDS: 20, JOBS: 2)
    bites = RetainedStorm.new(runs: 5, seconds: seconds, jobs: 1).plain_ruby_bites?
    RetainedStorm.new(runs: runs, seconds: seconds, jobs: jobs).call
    puts "Ruby #{RUBY_VERSION}: #{runs} runs of #{seconds} s, all survived; plain weak maps #{bites ? "fail" : "stand"} on such heaps"
  end
end
