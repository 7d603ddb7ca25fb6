# frozen_string_literal: true

require "heap_periscope_agent"
require_relative "../support/watched_program"

RSpec.describe "postponed jobs" do
  # Each call is a point at which another thread's Timeout or Thread#kill arrives, in a job, where it gets lost.
  it "call no method on the program's thread, neither of Ruby nor of C, with everything on, before and after Ractors" do
    out = WatchedProgram.run!(<<~RUBY, port: 9, interval: 0.05, enable_detailed_objects: true, enable_allocation_sampling: true, gc_pauses: true, secret: "x" * 16, verbose: false, ruby: ["-W0"]).out
      HeapPeriscopeAgent.start
      main = Thread.current
      own = %i[clock_gettime * > disable clock]
      seen = Hash.new(0)
      watch = lambda do
        trace = TracePoint.new(:call, :c_call) do |event|
          seen["\#{event.path}:\#{event.lineno} \#{event.defined_class}#\#{event.method_id}"] += 1 if Thread.current == main && !own.include?(event.method_id)
        end
        censuses = HeapPeriscopeAgent.agent_cost[:censuses]
        ends = Process.clock_gettime(Process::CLOCK_MONOTONIC) + 3
        trace.enable
        a = nil
        a = "x" * 40 until Process.clock_gettime(Process::CLOCK_MONOTONIC) > ends
        trace.disable
        HeapPeriscopeAgent.agent_cost[:censuses] - censuses
      end
      taken = watch.call
      3.times { Ractor.new { 1 }.then { |one| one.respond_to?(:value) ? one.value : one.take } }
      taken_after = watch.call
      print seen.inspect, " ", taken > 3, " ", taken_after > 3
    RUBY
    expect(out).to eq("{} true true")
  end
end
