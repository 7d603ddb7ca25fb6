# frozen_string_literal: true

require "heap_periscope_agent"
require_relative "../support/watched_program"

RSpec.describe "arming" do
  # Functions of the VM that set or remove hooks.
  SWITCHES = /\brb_(tracepoint_(new|enable|disable)|(thread_)?(add|remove)_event_hook\w*|internal_thread_(add|remove)_event_hook|set_end_proc)\s*\(/

  def sources = Dir[File.expand_path("../../ext/**/*.{c,h}", __dir__)]

  it "is the only part that sets or removes hooks" do
    found = sources.flat_map { |path| File.readlines(path).grep(SWITCHES).map { |line| [File.basename(path), line[SWITCHES, 0]] } }
    expect(found.reject { |pair| pair.first == "arming.c" }).to eq([["vm_end.c", "rb_set_end_proc("]])
  end

  it "uses no TracePoint, which the VM frees before its hooks" do
    expect(sources.select { |path| File.read(path).match?(/\brb_tracepoint_/) }).to eq([])
  end

  def run(script, **options)
    outcome = WatchedProgram.run("def armed = HeapPeriscopeAgent::Testing.armed\ndef arm = HeapPeriscopeAgent::Testing.arm\n#{script}",
                                 port: 9, interval: 60, gc_pauses: true, **options)
    expect(outcome.err).to eq("")
    expect(outcome.status).to be_success
    outcome.out
  end

  it "is open while the reporter runs, and nothing is set before and after" do
    expect(run(<<~RUBY)).to eq("[] [] true [] [:arming] []")
      print armed, " ", arm, " "
      HeapPeriscopeAgent.start
      print (armed & %i[arming collections]).size == 2, " "
      HeapPeriscopeAgent.stop
      print arm, " "
      HeapPeriscopeAgent.configure { |config| config.gc_pauses = false }
      HeapPeriscopeAgent.start
      print armed, " "
      HeapPeriscopeAgent.stop
      print armed
    RUBY
  end

  # A turn that waited for the GVL while the reporter was stopped set the hooks again, for good.
  it "is not undone by a turn of the reporter that is late" do
    expect(run(<<~RUBY, enable_allocation_sampling: true)).to eq("[]" * 6)
      6.times do
        HeapPeriscopeAgent.start
        sleep 0.9
        threads = Array.new(6) { Thread.new { loop { Array.new(100) { +"x" } } } }
        ends = clock + 0.15
        Array.new(100) { +"y" } while clock < ends
        HeapPeriscopeAgent.stop
        (threads.each(&:kill)).each(&:join)
        sleep 0.05
        print armed
      end
    RUBY
  end

  it "ends with a reporter that is killed, and begins with the next" do
    expect(run(<<~RUBY)).to eq("[] true")
      HeapPeriscopeAgent.start
      (Thread.list - [Thread.main]).each { |thread| thread.kill.join }
      print armed, " "
      HeapPeriscopeAgent.start
      print (armed & %i[arming collections]).size == 2
    RUBY
  end

  it "is closed in the last at_exit blocks, open in one that starts the agent again, and closed in a VM that is taken apart" do
    expect(run(<<~RUBY, ruby: ["-e", <<~FIRST])).to eq("[] true [] [false, []][false, []]")
      thread = Thread.new do
        sleep
      ensure
        print [HeapPeriscopeAgent.start, armed]
      end
      Thread.pass until thread.stop?
      KEPT = Object.new
      ObjectSpace.define_finalizer(KEPT, proc { print [HeapPeriscopeAgent.start, armed] })
      HeapPeriscopeAgent.start
    RUBY
      at_exit { print armed, " " }
      at_exit do
        print armed, " "
        HeapPeriscopeAgent.start
        print (armed & %i[arming collections]).size == 2, " "
        HeapPeriscopeAgent.stop
      end
    FIRST
  end

  it "is closed in a child that has no reporter, and open in one that has" do
    expect(run(<<~RUBY)).to eq("[]true[]")
      def ask = print(IO.popen("-") { |child| child ? child.read : print(yield) })
      ask { armed }
      HeapPeriscopeAgent.start
      ask { (armed & %i[arming collections]).size == 2 }
      HeapPeriscopeAgent.stop
      ask { armed }
    RUBY
  end
end
