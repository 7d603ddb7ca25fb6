# frozen_string_literal: true

require "heap_periscope_agent"
require "time"
require_relative "../support/watched_program"
require_relative "../support/wire_schema"

RSpec.describe "starting, running and stopping" do
  around { |example| DatagramReceiver.open { |receiver| (@receiver = receiver) && example.run } }

  attr_reader :receiver

  def run!(script, **options)
    WatchedProgram.run!(script, receiver: receiver, **options)
  end

  it "is counted: as many stops end it as there were starts, each saying whether it took one back" do
    out = run!(<<~RUBY, interval: 60).out
      agent = HeapPeriscopeAgent
      print [agent.stop, agent.running?, agent.start, agent.start, agent.running?, agent.stop, agent.running?,
             agent.stop, agent.running?, agent.stop, agent.start, agent.running?].join(" ")
    RUBY
    expect(out).to eq("false false true true true true true true false false true true")
    expect(receiver.reports.map { |report| report["type"] }).to eq(%w[snapshot goodbye snapshot goodbye])
  end

  it "does nothing where it is not enabled" do
    out = run!("print HeapPeriscopeAgent.start, HeapPeriscopeAgent.running?, HeapPeriscopeAgent.report_once!",
               enabled: false).out
    expect(out).to eq("falsefalsefalse")
    expect(receiver.reports).to eq([])
  end

  it "bears 200 threads that start, stop and report at once" do
    out = run!(<<~RUBY, interval: 0.05).out
      failures = Queue.new
      threads = Array.new(200) do |n|
        Thread.new do
          5.times do
            HeapPeriscopeAgent.start or failures << :start
            HeapPeriscopeAgent.report_once! if n % 10 == 0
            HeapPeriscopeAgent.snapshot if n % 25 == 0
            HeapPeriscopeAgent.configure { |config| config.interval = 0.05 + rand / 10 } if n % 20 == 0
            HeapPeriscopeAgent.stop or failures << :stop
          end
        rescue Exception => e
          failures << e
        end
      end
      threads.each { |thread| thread.join(60) or raise "hangs" }
      raise failures.pop.inspect unless failures.empty?
      wait_until { Thread.list == [Thread.main] } # a reporter that was told to end may still be at its last work
      print HeapPeriscopeAgent.running?, HeapPeriscopeAgent.start, HeapPeriscopeAgent.running?, Thread.list.size
    RUBY
    expect(out).to eq("falsetruetrue2")
    expect(receiver.reports).to all(follow_the_wire_format)
  end

  it "can be told from the program's threads, and done without, as README says" do
    out = run!(<<~RUBY, interval: 60).out
      HeapPeriscopeAgent.start
      worker = Thread.new { sleep 0.1 }
      ours, theirs = (Thread.list - [Thread.current]).partition { _1.name == "heap_periscope" }
      theirs.each(&:join)
      print theirs == [worker], " ", ours.map { |thread| thread.thread_variable_get(:fork_safe) }.inspect, " "
      HeapPeriscopeAgent.stop
      begin
        Thread.stop
      rescue ThreadError => e
        print e.message[/stopping only thread/]
      end
    RUBY
    expect(out).to eq("true [true] stopping only thread")
  end

  {
    "at once" => "", "when the reporter has worked" => "sleep 0.2", "beside a thread that sleeps" => "Thread.new { sleep }; sleep 0.2",
    "after work" => "Array.new(10) { rand } until HeapPeriscopeAgent.agent_cost[:snapshots] > 3"
  }.each do |moment, before|
    it "has ended its thread when stop returns, #{moment}" do
      out = run!(<<~RUBY, interval: 0.02).out
        HeapPeriscopeAgent.start
        #{before}
        print HeapPeriscopeAgent.stop, Thread.list.count { |thread| thread.name == "heap_periscope" }
      RUBY
      expect(out).to eq("true0")
    end
  end

  it "does not wait for its thread where others compute" do
    out = run!(<<~RUBY, interval: 60).out
      HeapPeriscopeAgent.start
      threads = Array.new(6) { Thread.new { loop { 1000.times { |n| n.to_s } } } }
      sleep 0.5
      others = -> { Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID) - Process.clock_gettime(Process::CLOCK_THREAD_CPUTIME_ID) }
      before = others.call
      HeapPeriscopeAgent.stop
      print others.call - before
      $stdout.flush
      exit!(true)
    RUBY
    expect(Float(out)).to be < 0.25
  end

  it "takes a frozen configuration" do
    run!(<<~RUBY, interval: 0.1)
      HeapPeriscopeAgent.configuration.freeze
      HeapPeriscopeAgent.start or raise
      wait_until { HeapPeriscopeAgent.agent_cost[:snapshots] >= 2 }
      HeapPeriscopeAgent.report_once! or raise
      HeapPeriscopeAgent.stop or raise
    RUBY
    expect(receiver.reports.last["type"]).to eq("goodbye")
  end

  it "keeps its interval without drift, and follows changed options at the next tick" do
    run!(<<~RUBY, interval: 0.25)
      HeapPeriscopeAgent.start
      wait_until { HeapPeriscopeAgent.agent_cost[:snapshots] >= 13 }
      HeapPeriscopeAgent.configure { |c| c.interval = 0.1; c.service_name = "Renamed"; c.enable_detailed_objects = true }
      wait_until { HeapPeriscopeAgent.agent_cost[:snapshots] >= 20 }
      HeapPeriscopeAgent.configure { |c| c.interval = 3600 }
      sleep 0.5
      print HeapPeriscopeAgent.agent_cost[:snapshots]
    RUBY
    snapshots = receiver.of(type: "snapshot")
    before, after = snapshots.partition { |report| report["interval"] == 0.25 }
    times = before.map { |report| Time.iso8601(report["reported_at"]).to_f }
    # late by what the machine was busy, but never later and later: the rhythm is that of the first one
    steps = times.drop(1).map { |time| (time - times.first) / 0.25 }
    expect(steps.map { |step| (step - step.round).abs }.sort[steps.size / 2]).to be < 0.25
    expect(after.size).to be >= 7
    expect(after.first["payload"]).to include("living_objects_by_class")
    expect(after.map { |report| report["service_name"] }.last).to eq("Renamed")
  end

  it "goes by the monotonic clock: a wall clock that is set back changes nothing but the time that is told" do
    Dir.mktmpdir do |folder|
      run!(<<~RUBY, interval: 0.1, shim: :clock_back, env: { "SHIM_FLAG" => File.join(folder, "back") })
        HeapPeriscopeAgent.start
        wait_until { HeapPeriscopeAgent.agent_cost[:snapshots] >= 3 }
        before = Time.now
        File.write(ENV["SHIM_FLAG"], "")
        raise "the clock is not set back" unless Time.now < before
        seen = HeapPeriscopeAgent.agent_cost[:snapshots]
        wait_until(10) { HeapPeriscopeAgent.agent_cost[:snapshots] >= seen + 3 }
        GC.start
        wait_until(10) { HeapPeriscopeAgent.agent_cost[:gc_reports] >= 1 }
      RUBY
    end
    times = receiver.of(type: "snapshot").map { |report| Time.iso8601(report["reported_at"]) }
    expect(times.each_cons(2).count { |one, two| two < one - 3000 }).to eq(1)
    expect(receiver.reports).to all(follow_the_wire_format)
  end

  it "sends GC reports only when GC time moved, and at most once a second" do
    run!(<<~RUBY, interval: 60)
      HeapPeriscopeAgent.start
      HeapPeriscopeAgent.agent_cost # what is loaded late is loaded now
      GC.start
      sleep 1.5
      GC.disable
      sleep 3
      GC.enable
      40.times { GC.start; sleep 0.05 }
    RUBY
    reports = receiver.of(type: "gc_profiler_report")
    times = reports.map { |report| Time.iso8601(report["reported_at"]).to_f }
    expect(reports.size).to be_between(2, times.last - times.first + 2)
    expect(times.each_cons(2).map { |one, two| two - one }.sort[(times.size - 1) / 2]).to be > 0.8
    expect(times.each_cons(2).map { |one, two| two - one }.max).to be > 2 # nothing while nothing was collected
    expect(reports.map { |report| report["payload"]["gc_duration_since_last_check_ms"] }).to all(be > 0)
    expect(reports.sum { |report| report["payload"]["gc_invocation_count"] }).to be_between(20, 60)
  end

  it "allocates no Ruby object in a tick, once the first ones are over" do
    out = run!(<<~RUBY, interval: 0.05, enable_detailed_objects: true).out
      HeapPeriscopeAgent.start
      HeapPeriscopeAgent.agent_cost
      sleep 2.5
      key = :total_allocated_objects
      counts = Array.new(12)
      counts.size.times { |n| counts[n] = GC.stat(key); sleep 0.25 }
      print counts.each_cons(2).map { |one, two| two - one }.join(" ")
    RUBY
    expect(out.split.map(&:to_i).sort.first(6)).to all(be <= 0)
    expect(out.split.map(&:to_i)).to all(be < 5 * 20)
  end

  it "refuses the part by class while other Ractors live, and takes it up again after them" do
    outcome = run!(<<~RUBY, interval: 0.1, enable_detailed_objects: true, ruby: ["-W0"])
      keep = Array.new(5000) { Object.new }
      HeapPeriscopeAgent.start
      wait_until { HeapPeriscopeAgent.agent_cost[:snapshots] >= 2 }
      ractors = Array.new(4) { Ractor.new { Ractor.receive; Array.new(1000) { |n| n.to_s }.size } }
      seen = HeapPeriscopeAgent.agent_cost[:snapshots]
      raise "by class beside Ractors" if HeapPeriscopeAgent.snapshot(detailed: true).key?(:living_objects_by_class)
      raise "census beside Ractors" unless HeapPeriscopeAgent.census == []
      wait_until { HeapPeriscopeAgent.agent_cost[:snapshots] >= seen + 3 }
      ractors.each { |ractor| ractor.send(1) }
      ractors.each { |ractor| ractor.respond_to?(:value) ? ractor.value : ractor.take }
      wait_until { Ractor.count == 1 }
      sleep 0.3
      print HeapPeriscopeAgent.snapshot(detailed: true).key?(:living_objects_by_class), keep.size
    RUBY
    expect(outcome.out).to eq("true5000")
    with, without = receiver.of(type: "snapshot").partition do |report|
      report["payload"].key?("living_objects_by_class")
    end
    expect(with.size).to be >= 2
    expect(without.size).to be >= 3
    # Ruby 3.3 hides the lock under which the heap may be walked beside others.
    counts = RUBY_VERSION.start_with?("3.3.") ? be_nil : (be > 0)
    expect(without.map { |report| report["payload"]["object_space_summary"]["TOTAL"] }).to all(counts)
  end
end
