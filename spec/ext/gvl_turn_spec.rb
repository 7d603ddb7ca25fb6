# frozen_string_literal: true

require "heap_periscope_agent"
require_relative "../support/watched_program"

RSpec.describe "turns under the GVL" do
  it "that fail for want of memory end all the same, by a job and in person, and the program with them" do
    out = WatchedProgram.run!(<<~RUBY, port: 9, interval: 60).out
      HeapPeriscopeAgent.start
      3.times { HeapPeriscopeAgent::Testing.failing_turn }
      busy = Thread.new { loop { 100.times { +"x" } } }
      3.times { HeapPeriscopeAgent::Testing.failing_turn }
      raise "a computing thread got the error" unless busy.alive?
      print HeapPeriscopeAgent.agent_cost[:failures], " ", HeapPeriscopeAgent.running?
    RUBY
    expect(out).to eq("6 true")
  end
end
