# frozen_string_literal: true

require "heap_periscope_agent"
require_relative "../support/watched_program"

# A tick of the reporter may run on any thread of the program, at any of its safepoints.
RSpec.describe "interrupts of the program's threads" do
  SCRIPT = <<~RUBY
    require "timeout"
    # Takes interrupts only where it can count them.
    def work(counts)
      Thread.handle_interrupt(RuntimeError => :never) do
        loop do
          Thread.handle_interrupt(RuntimeError => :immediate) do
            counts[:ready] = true
            20.times { Array.new(20) { +"x" } }
            HeapPeriscopeAgent.span("job", "work") { GC.start(full_mark: false) if rand < 0.01 }
          end
        rescue RuntimeError
          counts[:caught] += 1
        end
      end
    end
    HeapPeriscopeAgent.start
    HeapPeriscopeAgent::Testing.fix_plan(4_000_000, 1_000_000, 4) if HeapPeriscopeAgent.configuration.enable_allocation_sampling
    raised = caught = killed = timeouts = 0
    deadline = clock + 6
    while clock < deadline
      counts = { caught: 0 }
      worker = Thread.new { work(counts) }
      wait_until { counts[:ready] }
      10.times { |n| worker.raise("interrupt"); wait_until { counts[:caught] == n + 1 } }
      worker.kill
      worker.join(30) or raise "survives Thread#kill"
      killed += 1
      begin
        Timeout.timeout(0.02) { loop { HeapPeriscopeAgent.snapshot(detailed: true) } }
      rescue Timeout::Error
        timeouts += 1
      end
    end
    print killed == timeouts, " ", killed > 1, " ", HeapPeriscopeAgent.running?
  RUBY

  { "" => {}, ", and the sampler with it" => { enable_allocation_sampling: true } }.each do |more, options|
    it "all arrive: Thread#raise, Thread#kill and Timeout while the reporter works on those threads#{more}" do
      DatagramReceiver.open do |receiver|
        outcome = WatchedProgram.run!(SCRIPT, receiver: receiver, interval: 0.01, enable_detailed_objects: true,
                                              secret: "0123456789abcdef", **options)
        expect(outcome.out).to eq("true true true")
      end
    end
  end

  # Debuggers and coverage tools trace every thread there is, and make mistakes.
  it "that are raised in every thread, by a TracePoint or by hand, do not end the reporter, which rests a little after each" do
    DatagramReceiver.open do |receiver|
      options = { interval: 0.01, enable_detailed_objects: true, enable_allocation_sampling: true, secret: "0123456789abcdef" }
      out = WatchedProgram.run!(<<~RUBY, receiver: receiver, **options).out
        def reports = HeapPeriscopeAgent.agent_cost[:snapshots]
        def three_more = reports.then { |before| wait_until { reports >= before + 3 } }
        HeapPeriscopeAgent.start
        three_more
        main, raised = Thread.current, 0
        trace = TracePoint.new(:line, :call, :c_call, :return, :c_return) { Thread.current == main || raise("theirs \#{raised += 1}") }
        trace.enable
        wait_until { GC.start; Array.new(100) { +"x" }; raised >= 5 }
        sleep 1.5
        few = raised < 60
        trace.disable
        three_more
        failed = HeapPeriscopeAgent.agent_cost[:failures]
        3.times { (Thread.list - [main]).each { |thread| thread.raise(Exception, "theirs") }; three_more }
        print HeapPeriscopeAgent.running?, " ", few, " ", failed.positive?, " ", HeapPeriscopeAgent.agent_cost[:failures] - failed
        $stdout.flush
        (Thread.list - [main]).each(&:kill)
        wait_until { !HeapPeriscopeAgent.running? }
        print " ", HeapPeriscopeAgent.start, " ", HeapPeriscopeAgent.running?
      RUBY
      expect(out).to eq("true true true 3 true true")
    end
  end

  it "by signals break off no report: what they interrupt is done again" do
    DatagramReceiver.open do |receiver|
      out = WatchedProgram.run!(<<~RUBY, receiver: receiver, interval: 0.02, enable_detailed_objects: true, gc_pauses: true).out
        caught = 0
        trap(:USR1) { caught += 1 }
        pid = Process.pid
        storm = fork { loop { Process.kill(:USR1, pid); sleep 0.0005 } }
        HeapPeriscopeAgent.start
        wait_until { caught > 500 && HeapPeriscopeAgent.agent_cost[:snapshots] >= 20 }
        Process.kill(:KILL, storm)
        Process.wait(storm)
        print HeapPeriscopeAgent.agent_cost.values_at(:failures, :datagrams_dropped).join(" ")
      RUBY
      expect(out).to eq("0 0")
      expect(receiver.of(type: "snapshot").size).to be >= 20
    end
  end
end
