# frozen_string_literal: true

require_relative "../support/dead_storm"
require_relative "../support/exit_storm"
require_relative "../support/ractor_storm"

# Short forms of `rake storm:exit`, `storm:ractors` and `storm:dead`.
RSpec.describe "storms" do
  it "of ends: status and output are those of the program without the agent", timeout: 300 do
    ExitStorm.new(ends: ExitStorm::ENDS.size, jobs: 6).call
  end

  it "of Ractors beside allocation sampling are survived", timeout: 300 do
    RactorStorm.new(runs: 4, seconds: 5, jobs: 2).call
  end

  it "of dead objects: they are gone after one collection, and another profiler counts what it counts alone", timeout: 300 do
    DeadStorm.new(rounds: 30, jobs: 2).call
  end
end
