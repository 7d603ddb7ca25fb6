# frozen_string_literal: true

require "heap_periscope_agent"
require_relative "../support/watched_program"

RSpec.describe "postponed jobs" do
  # More registrations, beside more collections, than a program sees in days.
  it "triggered by bare threads while the collector registers its own crash nothing, and every finalizer is called" do
    out = WatchedProgram.run!(<<~RUBY).out
      called = 0
      finalizer = proc { called += 1 }
      made = 0
      deadline = clock + 4
      runs = HeapPeriscopeAgent::Testing.storm_of_jobs(4) do
        while clock < deadline
          50.times { ObjectSpace.define_finalizer(Object.new, finalizer) }
          made += 50
          GC.start(full_mark: false)
        end
      end
      GC.start
      wait_until { GC.start; called > made * 0.99 } # the stack may hold one or the other
      print runs > 100, made > 1000
    RUBY
    expect(out).to eq("truetrue")
  end
end
