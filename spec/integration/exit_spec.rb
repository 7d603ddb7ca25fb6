# frozen_string_literal: true

require "heap_periscope_agent"
require_relative "../support/watched_program"

RSpec.describe "the end of a process" do
  around { |example| DatagramReceiver.open { |receiver| (@receiver = receiver) && example.run } }

  attr_reader :receiver

  def run(script, **options)
    WatchedProgram.run(script, receiver: receiver, interval: 30, **options)
  end

  RUNNING = "HeapPeriscopeAgent.start; sleep 0.05; "

  { "the end of the script" => ["nil", 0], "exit" => ["exit 3", 3], "an exception in main" => ["raise 'no'", 1],
    "abort" => ["abort", 1], "throw" => ["throw :nowhere", 1],
    "exit in a thread" => ["Thread.new { exit 5 }.join", 5],
    "an exception in a thread" => ["Thread.abort_on_exception = true; Thread.new { raise 'no' }.join", 1],
    "Thread#kill of main" => ["Thread.main.kill", 0] }.each do |how, (script, status)|
    it "by #{how} flushes a last snapshot and says goodbye, with the status of the program" do
      outcome = run(RUNNING + script)
      expect(outcome.status.exitstatus).to eq(status)
      expect(receiver.reports.map { |report| report["type"] }.last(2)).to eq(%w[snapshot goodbye])
      expect(receiver.reports.last["payload"]).to eq("reason" => "exit")
    end
  end

  it "by SIGTERM and SIGINT is the program's own death" do
    %w[TERM INT].each do |signal|
      receiver.forget
      outcome = run("#{RUNNING}Process.kill(:#{signal}, $$); sleep 5")
      expect(outcome.status.termsig || outcome.status.exitstatus).to eq(Signal.list[signal])
      expect(receiver.await("goodbye")["sequence"]).to eq(2)
    end
  end

  it "by exit! and SIGKILL is silent and prompt" do
    ["exit!(7)", "Process.kill(:KILL, $$); sleep 5"].each do |script|
      receiver.forget
      expect(run(RUNNING + script).seconds).to be < 30
      expect(receiver.of(type: "goodbye")).to eq([])
    end
  end

  it "comes when every thread is killed, the reporter's included, which may be started again" do
    outcome = run(<<~RUBY)
      HeapPeriscopeAgent.start
      3.times do
        sleep 0.02
        (Thread.list - [Thread.main]).each { |thread| thread.kill.join(5) or raise "cannot be killed" }
        raise "still runs" if HeapPeriscopeAgent.running?
        HeapPeriscopeAgent.start or raise "does not start again"
        raise "does not run" unless HeapPeriscopeAgent.running?
      end
      Thread.list.each(&:kill)
    RUBY
    expect(outcome.err).to eq("")
    expect(outcome.status).to be_success
    expect(receiver.await("goodbye")["payload"]["reason"]).to eq("exit")
  end

  it "is told of a program that starts the agent in its last moments" do
    expect(run("at_exit { HeapPeriscopeAgent.start or raise }").status).to be_success
    expect(receiver.await("goodbye")["sequence"]).to eq(2)
  end

  it "is told of a program that starts the agent again after its goodbye, sampling included" do
    8.times do
      receiver.forget
      outcome = run("at_exit { HeapPeriscopeAgent.start or raise }; HeapPeriscopeAgent.start",
                    enable_allocation_sampling: true)
      expect(outcome.err).to eq("")
      expect(outcome.status).to be_success
      expect(receiver.reports.map { |report| report["type"] }).to eq(%w[snapshot goodbye snapshot goodbye])
    end
  end

  it "is not held up: at most 250 ms in the median, idle and with threads that compute" do
    ["", "3.times { Thread.new { 1 while true } }", "$keep = Array.new(300_000) { Object.new }"].each do |work|
      # Handlers run in the opposite order: ours comes between the two.
      spent = Array.new(5) do
        run(<<~RUBY, enable_detailed_objects: true).out.to_f
          at_exit { $stdout.write(clock - $reached) }
          #{work}
          HeapPeriscopeAgent.start
          sleep 0.1
          at_exit { $reached = clock }
        RUBY
      end
      expect(spent).to all(be_positive)
      expect(spent.sort[2]).to be < 0.25
    end
  end

  it "sends nothing after the goodbye, however busy the reporter was" do
    script = <<~RUBY
      3.times { Thread.new { 1 while true } }
      HeapPeriscopeAgent.configure { |config| config.interval = 0.02 }
      HeapPeriscopeAgent.start
      sleep 0.5
      HeapPeriscopeAgent.stop
      sleep 1
    RUBY
    WatchedProgram.run!(script, receiver: receiver, enable_detailed_objects: true)
    types = receiver.reports.sort_by { |report| report["sequence"] }.map { |report| report["type"] }
    expect(types.index("goodbye")).to eq(types.size - 1)
    expect(receiver.reports.last["payload"]).to eq("reason" => "stop")
  end
end
