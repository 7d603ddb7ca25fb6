# frozen_string_literal: true

require "heap_periscope_agent"
require_relative "../support/watched_program"

# Programs end threads that are not theirs: test frameworks between examples, servers when they shut down.
RSpec.describe "a reporter thread that is killed" do
  KILLER = <<~RUBY
    def reporter = Thread.list.find { |thread| thread.name == "heap_periscope" }
    # Wherever the reporter is at this moment; it may be at work for a while.
    def kill_reporter
      thread = reporter or return
      thread.kill
      thread.join(10) or raise "the reporter survives"
    end
  RUBY

  it "holds nothing: started again, it reports, however often" do
    DatagramReceiver.open do |receiver|
      out = WatchedProgram.run!(KILLER + <<~RUBY, receiver: receiver, interval: 0.01, enable_detailed_objects: true, secret: "0123456789abcdef", enable_allocation_sampling: true).out
        100.times do |n|
          HeapPeriscopeAgent.start
          wait_until { reporter }
          deadline = clock + 0.0005 * (n % 40)
          Array.new(10) { +"x" } && Thread.pass while clock < deadline
          kill_reporter
        end
        before = HeapPeriscopeAgent.agent_cost[:snapshots]
        HeapPeriscopeAgent.start
        wait_until { HeapPeriscopeAgent.agent_cost[:snapshots] > before + 3 }
        print HeapPeriscopeAgent.running?
      RUBY
      expect(out).to eq("true")
    end
  end

  it "ends in the middle of a logger that takes for ever" do
    out = WatchedProgram.run!(KILLER + <<~RUBY, interval: 0.05, host: "no-such-host.invalid").out
      waiting = Queue.new
      logger = Object.new
      %i[debug info error].each { |level| logger.define_singleton_method(level) { |_| nil } }
      logger.define_singleton_method(:warn) { |_| waiting << true; sleep }
      HeapPeriscopeAgent.configure { |config| config.logger = logger }
      HeapPeriscopeAgent.start
      waiting.pop
      kill_reporter
      print HeapPeriscopeAgent.start
    RUBY
    expect(out).to eq("true")
  end

  it "ends although it was started where interrupts had to wait" do
    outcome = WatchedProgram.run!(KILLER + <<~RUBY, interval: 0.05)
      Thread.handle_interrupt(Object => :never) { HeapPeriscopeAgent.start }
      wait_until { reporter }
      sleep 0.2
      kill_reporter
      Thread.handle_interrupt(Object => :never) { HeapPeriscopeAgent.start }
      wait_until { HeapPeriscopeAgent.running? }
      print "ends"
    RUBY
    expect(outcome.out).to eq("ends")
    expect(outcome.seconds).to be < 10
  end

  it "ends the program when a callback says so" do
    outcome = WatchedProgram.run(KILLER + <<~RUBY, interval: 0.05, host: "no-such-host.invalid")
      logger = Object.new
      %i[debug info error].each { |level| logger.define_singleton_method(level) { |_| nil } }
      logger.define_singleton_method(:warn) { |_| exit(7) }
      HeapPeriscopeAgent.configure { |config| config.logger = logger }
      HeapPeriscopeAgent.start
      sleep 20
    RUBY
    expect(outcome.status.exitstatus).to eq(7)
  end

  it "is told from the one that was started while its end was asked for" do
    out = WatchedProgram.run!(KILLER + <<~RUBY, interval: 0.05).out
      HeapPeriscopeAgent.start
      wait_until { reporter }
      first = reporter
      Thread.prepend(Module.new do
        define_method(:alive?) do
          next super() unless equal?(first) && !$asked
          $asked = true
          kill
          join
          HeapPeriscopeAgent.start
          super()
        end
      end)
      print HeapPeriscopeAgent.running?, " ", $asked, " "
      before = HeapPeriscopeAgent.agent_cost[:snapshots]
      wait_until { HeapPeriscopeAgent.agent_cost[:snapshots] > before + 2 }
      print Thread.list.count { |thread| thread.name == "heap_periscope" }
    RUBY
    expect(out).to eq("true true 1")
  end
end
