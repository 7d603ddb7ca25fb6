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

  # Before Ruby 3.3 there are no places to run out of.
  if RUBY_VERSION >= "3.3"
    it "do without where other libraries have taken all places: turns are taken in person, and sampling says why not" do
      DatagramReceiver.open do |receiver|
        others = ["-r", WatchedProgram::Shim.path(:jobs_taken)]
        out = WatchedProgram.run!(<<~RUBY, receiver: receiver, ruby: others, interval: 0.05, enable_detailed_objects: true, enable_allocation_sampling: true).out
          HeapPeriscopeAgent.start
          deadline = clock + 3
          Array.new(20) { +"x" } while clock < deadline
          wait_until { HeapPeriscopeAgent.agent_cost[:censuses] >= 1 }
          state = HeapPeriscopeAgent.snapshot[:allocation_sampling]
          print state[:state], ": ", state[:reason]
        RUBY
        expect(out).to eq("refused: other libraries have taken all of the VM's places for postponed jobs")
        expect(receiver.of(type: "snapshot").last["payload"]["living_objects_by_class"]).to include("String")
      end
    end
  end
end
