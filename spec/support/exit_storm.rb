# frozen_string_literal: true

require_relative "program_storm"

# Ends programs in every way there is, while their threads allocate and a turn of the reporter waits for the GVL, half of
# them with everything on. Status and output must be what they are without the agent.
class ExitStorm < ProgramStorm
  # An odd number of ways, so that every other round turns the halves about. What the main thread does at last. `fork` ends as a worker of a preforking server does.
  ENDS = {
    "the end of the program" => "",
    "exit" => "exit 3",
    "exit!" => "$stdout.flush; exit!(4)",
    "abort" => "abort 'aborted'",
    "an exception" => "raise 'no more'",
    "SIGTERM" => "Process.kill(:TERM, $$); sleep",
    "SIGKILL" => "$stdout.flush; Process.kill(:KILL, $$); sleep",
    "an exception in an at_exit" => "at_exit { raise 'at the end' }",
    "an exit in an at_exit" => "at_exit { exit 6 }",
    "an at_exit inside an at_exit" => "at_exit { at_exit { busy(0.05); puts 'inner' } }",
    "an at_exit that starts the agent again" => "at_exit { restart }",
    "a thread that starts the agent when it is killed" => "Thread.new { begin; sleep; ensure; restart; end }; sleep 0.01",
    "a finalizer that starts the agent" => "KEPT = Object.new; ObjectSpace.define_finalizer(KEPT, proc { restart })",
    "a stop just before" => "stop",
    "a thread" => "Thread.new { busy(0.05); exit 5 }.join",
    "a fiber" => "Fiber.new { exit 7 }.resume",
    "a child's end" => "pid = fork { allocate(6); busy(0.1) }; puts Process.wait2(pid).last.to_s.sub(/pid \\d+ /, '')",
    "a child's exit!" => "pid = fork { allocate(6); busy(0.1); exit!(8) }; puts Process.wait2(pid).last.exitstatus",
    "everything freed at the end" => ""
  }.freeze

  # The reporter's first turn for collections comes after a second, so that is when it ends.
  PROGRAM = <<~RUBY
    $stdout.sync = true
    AGENT = ENV["STORM_AGENT"]
    if AGENT
      require "heap_periscope_agent"
      HeapPeriscopeAgent.configure do |config|
        config.port = 9
        config.interval = 0.2
        config.verbose = false
        config.gc_pauses = true
        config.enable_detailed_objects = config.enable_allocation_sampling = AGENT == "all"
      end
      HeapPeriscopeAgent.start or raise "does not start"
    end
    BEGAN = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    def now = Process.clock_gettime(Process::CLOCK_MONOTONIC) - BEGAN
    def restart = AGENT && HeapPeriscopeAgent.start
    def stop = AGENT && HeapPeriscopeAgent.stop
    def allocate(threads) = threads.times { Thread.new { loop { Array.new(100) { "x" * 10 } } } }
    def busy(seconds)
      ends = now + seconds
      Array.new(100) { "y" * 10 } while now < ends
    end
    sleep 0.85
    allocate(8)
    sleep 0.15 + rand * 0.15
    puts "reached the end"
  RUBY

  def initialize(ends:, jobs:)
    super(jobs: jobs)
    @ends = ends
    @expected = {}
  end

  # @raise [RuntimeError] when a program ends otherwise than without the agent
  def call
    storm(ENDS.keys) { |how| (@expected[how] = finish(how, nil)) && nil }
    storm(Array.new(@ends) { |n| [ENDS.keys[n % ENDS.size], n.odd? ? "all" : "default"] }) do |how, agent|
      outcome = finish(how, agent)
      "#{how} (#{agent}): #{outcome}\n  not #{@expected[how]}" unless outcome == @expected[how]
    end
  end

  private

  def finish(how, agent)
    env = { "STORM_AGENT" => agent, "RUBY_FREE_AT_EXIT" => how.start_with?("everything") ? "1" : nil }
    out, err, status = program("#{PROGRAM}#{ENDS.fetch(how)}\n", env)
    # Line numbers and the rest of a backtrace say which program it was, not how it ended.
    "#{status.to_s.sub(/pid \d+ /, "")}, #{out.inspect}, #{err.lines.first.to_s.sub(/-e:\d+/, "-e").inspect}"
  end
end
