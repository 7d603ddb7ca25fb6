# frozen_string_literal: true

require "heap_periscope_agent"
require "objspace"
require_relative "../support/interrupt_storm"
require_relative "../support/watched_program"

RSpec.describe "guarded calls" do
  def guarded(&) = HeapPeriscopeAgent::Testing.guarded(&)

  it "drop what their code raises, and leave the exception that is under way alone", :native do
    expect(guarded { raise "ours" }).to be(false)
    expect(guarded { throw :nowhere }).to be(false)
    begin
      raise "under way"
    rescue RuntimeError
      guarded { raise "ours" }
      expect($!.message).to eq("under way") # rubocop:disable Style/SpecialGlobalVars
    end
  end

  # A thread in a guarded call whose code waits for the interrupt to be sent and then goes on for a while.
  def interrupted_thread(events, sent)
    inside = []
    thread = Thread.new do
      Thread.current.report_on_exception = false
      guarded do
        inside << sent.pop
        1000.times { Thread.pass }
        events << :through
      end
      events << :after
    ensure
      events << $! # rubocop:disable Style/SpecialGlobalVars
    end
    Thread.pass until thread.stop?
    thread
  end

  { "exceptions" => ->(thread) { thread.raise(IOError, "sent") }, "kills" => :kill.to_proc,
    "objects that make an exception" => ->(thread) { thread.raise(Class.new { def exception(*) = IOError.new("sent") }.new) } }.each do |what, send|
    it "let #{what} of other threads wait until they are through, and then out", :native do
      events = []
      sent = Queue.new
      thread = interrupted_thread(events, sent)
      send.call(thread)
      sent << true
      thread.join(5) rescue IOError # rubocop:disable Style/RescueModifier
      expect(thread).not_to be_alive
      expect(events).to match([:through, what == "kills" ? nil : an_instance_of(IOError)])
    end
  end

  it "let a timeout out", :native do
    expect { Timeout.timeout(0.05) { guarded { sleep 0.1 } && sleep(10) } }.to raise_error(Timeout::Error)
  end

  # The VM ends a process at the second error of memory that no Ruby code has seen, and interrupts no thread after the first.
  it "leave no trace of an error of memory on the thread" do
    out = WatchedProgram.run!(<<~RUBY).out
      alive = HeapPeriscopeAgent::Testing.without_page_lists { 3.times { HeapPeriscopeAgent.snapshot(detailed: true) } }
      other = 0
      Thread.new { loop { other += 1 } }
      deadline = clock + 10
      nil while other.zero? && clock < deadline
      print alive, " ", other.positive?
    RUBY
    expect(out).to eq("0 true")
  end

  [*%w[raise timeout kill].product([{}]), ["raise", { "RUBY_MN_THREADS" => "1" }]].each do |way, env|
    it "lose none of 150 interrupts: #{way}#{" on threads without a native thread of their own" if env.any?}" do
      out = WatchedProgram.run!(<<~RUBY, ruby: %W[-r #{File.expand_path("../support/interrupt_storm.rb", __dir__)}], env: { "RUBY_THREAD_TIMESLICE" => "1", **env }).out
        print InterruptStorm.new("#{way}", 150).call
        $stdout.flush
        exit!(true)
      RUBY
      expect(out).to eq("0")
    end
  end
end
