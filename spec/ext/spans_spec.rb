# frozen_string_literal: true

require "English"
require "rbconfig"
require "heap_periscope_agent"
require_relative "../support/child"
require_relative "../support/measured_spans"

RSpec.describe "HeapPeriscopeAgent.span" do
  include_context "with measured spans"

  def span(name = "work", type = "custom", &)
    HeapPeriscopeAgent.span(type, name, &)
  end

  def sums(name = "work", type = "custom")
    HeapPeriscopeAgent.spans.find { |entry| entry[:type] == type && entry[:name] == name }
  end

  def current = testing.spans_current

  it "returns what the block returns and sums up what it did" do
    2.times { expect(span { Array.new(1000) { Object.new }.size }).to eq(1000) }

    expect(sums).to include(type: "custom", name: "work", calls: 2, errors: 0, allocated_by: "process",
                            live_objects: nil, measured_at: nil)
    expect(sums[:allocated_objects]).to be_between(2000, 20_000)
    expect(sums[:wall_ms]).to be > 0
    expect(sums[:gc_time_ms]).to be >= 0
  end

  it "measures wall time and the collections inside" do
    span do
      sleep 0.02
      3.times { GC.start }
    end

    expect(sums[:wall_ms]).to be >= 20
    expect(sums[:gc_time_ms]).to be_between(0.001, sums[:wall_ms])
  end

  it "measures nothing and only yields while it is switched off" do
    testing.spans_switch(false)
    expect(span { [1, current] }).to eq([1, nil])
    expect(HeapPeriscopeAgent.spans).to eq([])
  ensure
    testing.spans_switch(true)
  end

  it "takes symbols, lambdas and any bytes, and raises for nothing but a missing block" do
    span(:work) { nil }
    expect(HeapPeriscopeAgent.span("custom", "work", &-> { 5 })).to eq(5)
    span("caf\xC3\xA9 \xFF\xC3\0") { nil }
    span(Object.new) { nil }
    span("x" * 10_000) { nil }
    expect { HeapPeriscopeAgent.span("custom", "work") }.to raise_error(LocalJumpError)

    names = HeapPeriscopeAgent.spans.map { |entry| entry[:name] }
    expect(names).to contain_exactly("work", "café ???", "(invalid name)", "x" * 256)
    expect(names).to all(be_valid_encoding)
  end

  describe "an exit other than by the end of the block" do
    it "counts exceptions as errors and lets them pass", :native do
      expect { span { raise ArgumentError, "no" } }.to raise_error(ArgumentError, "no")
      expect { span { exit 2 } }.to raise_error(SystemExit)
      expect(sums).to include(calls: 2, errors: 2)
      expect(current).to be_nil
    end

    it "counts throw, break, next, return and a successful exit as calls without an error" do
      leave = -> { span { return 4 } }
      expect(catch(:done) { span { throw :done, 1 } }).to eq(1)
      expect([1].each { span { break } }).to eq([1])
      expect(span { next 3 }).to eq(3)
      expect(leave.call).to eq(4)
      expect { span { exit } }.to raise_error(SystemExit)
      expect(sums).to include(calls: 5, errors: 0)
      expect(current).to be_nil
    end

    it "sees no error in an exception that was there before" do
      begin
        raise "earlier"
      rescue RuntimeError
        expect(span { $ERROR_INFO.message }).to eq("earlier")
        expect($ERROR_INFO.message).to eq("earlier")
        catch(:done) { span { throw :done } }
      end
      expect(sums).to include(calls: 2, errors: 0)
    end

    it "ends with Thread#raise and Thread#kill" do
      inside = Queue.new
      raised = Thread.new { span { inside << sleep } rescue :rescued } # rubocop:disable Style/RescueModifier
      killed = Thread.new { span("killed") { inside << sleep } }
      Thread.pass until raised.stop? && killed.stop?
      raised.raise("now")
      killed.kill
      expect(raised.value).to eq(:rescued)
      killed.join

      expect(sums).to include(calls: 1, errors: 1)
      expect(sums("killed")).to include(calls: 1, errors: 0)
    end
  end

  describe "nesting" do
    it "knows the innermost span of the thread", :native do
      span("outer") do
        expect(current).to eq(%w[custom outer])
        span("inner", :model) { expect(current).to eq(%w[model inner]) }
        expect(current).to eq(%w[custom outer])
        expect(Thread.new { current }.value).to be_nil
      end
      expect(current).to be_nil
    end

    it "counts time and objects of recursion once" do
      bottom = lambda do
        sleep 0.02
        Array.new(500) { Object.new }
      end
      descend = ->(depth) { span { depth.zero? ? bottom.call : descend.call(depth - 1) } }
      descend.call(200)

      expect(sums[:calls]).to eq(201)
      expect(sums[:wall_ms]).to be_between(20, 10_000)
      expect(sums[:allocated_objects]).to be_between(500, 50_000)
    end

    it "goes deeper than it keeps track of" do
      descend = ->(depth) { depth.zero? ? :bottom : span { descend.call(depth - 1) } }
      expect(descend.call(700)).to eq(:bottom)
      expect(sums[:calls]).to eq(512)
    end
  end

  describe "fibers" do
    it "keeps one stack for each", :native, :switches_fibers do
      fiber = Fiber.new do
        span("fiber") do
          Fiber.yield current
          current
        end
      end
      span("thread") do
        expect(fiber.resume).to eq(%w[custom fiber])
        span("thread inner") { expect(current).to eq(["custom", "thread inner"]) }
        expect(fiber.resume).to eq(%w[custom thread]) # a stale answer is possible here: see spans.h
      end
      expect(sums("fiber")).to include(calls: 1)
      expect(sums("thread")).to include(calls: 1)
    end

    it "follows every switch when asked to", :native, :switches_fibers do
      testing.spans_follow_fibers(true)
      fiber = Fiber.new { span("fiber") { 2.times { Fiber.yield current } } }
      span("thread") do
        2.times do
          expect(fiber.resume).to eq(%w[custom fiber])
          expect(current).to eq(%w[custom thread])
        end
      end
    ensure
      testing.spans_follow_fibers(false)
    end

    it "survives fibers that are dropped in the middle of a span" do
      1000.times { Fiber.new { span("dropped") { Fiber.yield } }.resume }
      GC.start
      span { Fiber.new { span("late") { nil } }.resume }
      expect(sums("dropped")).to be_nil
      expect(sums("late")).to include(calls: 1)
      expect(sums).to include(calls: 1)
    end

    it "ends in the thread that began it: Ruby resumes a fiber in no other" do
      fiber = Fiber.new { span("crossing") { Fiber.yield && :done } }
      fiber.resume
      thread = Thread.new { span("elsewhere") { fiber.resume } }.tap { |other| other.report_on_exception = false }
      expect { thread.value }.to raise_error(FiberError)
      expect(sums("elsewhere")).to include(calls: 1, errors: 1)
      expect(fiber.resume(true)).to eq(:done)
      expect(sums("crossing")).to include(calls: 1, errors: 0)
      expect(current).to be_nil
    end

    it "can be looked at and copied, as programs do with their variables", :native do
      stack = span { Thread.current[:heap_periscope_spans] }
      copies = [stack.dup, stack.clone, stack.class.allocate]
      expect([stack, *copies].map(&:inspect)).to all(start_with("#<HeapPeriscopeAgent::Native::SpanStack"))
      copies.each do |copy|
        Thread.current[:heap_periscope_spans] = copy
        expect(span { current }).to eq(%w[custom work])
      end
      expect { Marshal.dump(stack) }.to raise_error(TypeError)
      expect(sums).to include(calls: 4)
    end

    # ActionController::Live gives the variables of a request to the thread that streams, GraphQL's dataloader to its fibers.
    def take_variables
      variables = Thread.current.keys.to_h { |key| [key, Thread.current[key]] }
      -> { variables.each { |key, value| Thread.current[key] = value } }
    end

    it "keeps stacks apart where the program copies its variables to another thread", :native do
      inside = Queue.new
      leave = Queue.new
      span("outer") do
        put_variables = take_variables
        thread = Thread.new do
          put_variables.call
          span("copied") { [inside << true, leave.pop] }
        end
        inside.pop
        span("inner") { nil }
        expect(current).to eq(%w[custom outer])
        leave << true
        thread.join
      end
      expect(current).to be_nil
      expect(sums("copied")).to include(calls: 1)
    end

    it "keeps stacks apart where the program copies its variables to another fiber", :native, :switches_fibers do
      span("outer") do
        put_variables = take_variables
        fiber = Fiber.new do
          put_variables.call
          span("copied") { Fiber.yield }
        end
        fiber.resume
        span("inner") { nil }
        expect(current).to eq(%w[custom outer])
        fiber.resume
      end
      expect(current).to be_nil
      expect(sums("copied")).to include(calls: 1)
    end

    it "works with external enumerators" do
      numbers = Enumerator.new { |out| span("numbers") { 3.times { |n| out << n } } }
      expect(span { [numbers.next, numbers.next, numbers.next] }).to eq([0, 1, 2])
      expect { numbers.next }.to raise_error(StopIteration)
      expect(sums("numbers")).to include(calls: 1, errors: 0)
    end
  end

  it "goes without a span where a frozen thread takes no variables" do
    thread = Thread.new do
      Thread.current.freeze
      span { 7 }
    end
    expect(thread.value).to eq(7)
    expect(sums).to be_nil
  end

  it "works on when the program clears all fiber-local variables" do
    span do
      Thread.current.keys.each { |key| Thread.current[key] = nil }
      GC.start
      span("inner") { nil }
    end
    expect(sums).to include(calls: 1)
    expect(sums("inner")).to include(calls: 1)
    expect(current).to be_nil
  end

  # Reading the collector's time runs what interrupts the thread, in the midst of a begin or end.
  it "stands signal handlers with deep spans of their own" do # not under GC.stress, where they come faster than they end
    handled = 0
    names = Array.new(9) { |n| "handler #{n}" }
    nest = ->(depth) { span(names[depth]) { depth.zero? ? handled += 1 : nest.call(depth - 1) } }
    before = trap("USR2") { nest.call(8) if handled < 50 }
    signals = Process.spawn(RbConfig.ruby, "--disable-gems", "-e", "loop { Process.kill('USR2', #{Process.pid}) && sleep(0.001) }")
    calls = 0
    until calls >= 100 && handled >= 50
      span("outer") { span("inner") { calls += 1 } }
      GC.start(full_mark: false) if (calls % 5).zero?
    end
    expect([sums("outer"), sums("inner")]).to all(include(calls: calls))
    expect(sums("handler 0")).to include(calls: 50)
    expect(current).to be_nil
  ensure
    Child.stop(signals, "KILL") if signals
    trap("USR2", before || "DEFAULT")
  end

  it "sums up across many threads at once" do
    threads = Array.new(20) { |n| Thread.new { 200.times { span("thread #{n % 3}") { Object.new } } } }
    threads.each(&:join)
    expect(HeapPeriscopeAgent.spans.sum { |entry| entry[:calls] }).to eq(4000)
  end

  describe "bounds" do
    it "keeps max_spans names of a type and sums up the rest under (other)" do
      testing.spans_limit(3)
      10.times { |n| HeapPeriscopeAgent.span("bounded", "name #{n}") { nil } }
      names = HeapPeriscopeAgent.spans.select { |entry| entry[:type] == "bounded" }
      expect(names.map { |entry| [entry[:name], entry[:calls]] })
        .to eq([["name 0", 1], ["name 1", 1], ["name 2", 1], ["(other)", 7]])
    end

    it "calls a name without text (unnamed)" do
      HeapPeriscopeAgent.span("bounded", "") { nil }
      expect(HeapPeriscopeAgent.spans).to contain_exactly(include(type: "bounded", name: "(unnamed)", calls: 1))
    end

    it "keeps a few types and counts the rest as custom" do
      50.times { |n| HeapPeriscopeAgent.span("type #{n}", "work") { nil } }
      expect(HeapPeriscopeAgent.spans.map { |entry| entry[:type] }.uniq.size).to be <= 16
      expect(HeapPeriscopeAgent.spans.sum { |entry| entry[:calls] }).to eq(50)
      expect(sums[:calls]).to be > 30
    end
  end

  it "reports what happened since the last report" do
    2.times { span { Object.new } }
    expect(testing.spans_drain).to match([["custom", "work", 2, 0, be_between(2, 1000), false]])
    expect(testing.spans_drain).to eq([])
    span { nil }
    expect(testing.spans_drain).to match([["custom", "work", 1, 0, Integer, false]])
    expect(sums[:calls]).to eq(3)
  end

  it "begins anew in a forked child, where spans opened before do not count" do
    reader, writer = IO.pipe
    span("before") { nil }
    pid = span("around") do
      fork do
        span("child") { nil }
        writer.write(Marshal.dump(HeapPeriscopeAgent.spans.map { |entry| entry[:name] }))
        exit!(0)
      end
    end
    Process.wait(pid)
    writer.close
    expect(Marshal.load(reader.read)).to eq(["child"])
    expect(HeapPeriscopeAgent.spans.map { |entry| entry[:name] }).to contain_exactly("before", "around")
  end
end
