# frozen_string_literal: true

require "heap_periscope_agent"
require "tempfile"
require_relative "../support/sampled_program"
require_relative "../support/watched_program"

RSpec.describe "other Ractors" do
  # On these the VM does not bear hooks on new objects beside them.
  refused = SampledProgram.fragile? || Gem::Version.new(RUBY_VERSION) >= Gem::Version.new("3.4")
  preamble = <<~RUBY
    def value(ractor) = ractor.respond_to?(:value) ? ractor.value : ractor.take
    def armed = HeapPeriscopeAgent::Testing.armed
    def sampling = HeapPeriscopeAgent.allocation_sampling || {}
    def windows(more) = sampling[:windows].to_i.then { |before| wait_until { (1000.times { Object.new }) && sampling[:windows].to_i > before + more } }
  RUBY

  define_method(:run) do |script, **options|
    outcome = WatchedProgram.run(preamble + script, port: 9, interval: 0.2, ruby: ["-W0"], **options)
    expect(outcome.status).to be_success, outcome.err
    outcome
  end

  def said(outcome) = outcome.err.lines.grep(/allocation sampling is off: .*Ractor/).size

  it "are made as without the agent: name, arguments, place, warning, block, errors, subclasses, Ractors of Ractors" do
    Tempfile.create(["ractors", ".rb"]) do |file|
      file.write(<<~RUBY)
        #{preamble.lines.first}
        one = Ractor.new(1, 2, name: "named") { |a, b| [a, b, Ractor.new { 3 }.then { |inner| inner.respond_to?(:value) ? inner.value : inner.take }] }
        puts one.inspect.split[0, 3].join(" "), one.name, value(one).inspect
        begin
          Ractor.new
        rescue ArgumentError => error
          puts error.message, error.backtrace.last
        end
        begin
          Ractor.new(mame: 1) { 2 }
        rescue ArgumentError => error
          puts error.message
        end
        puts value(Class.new(Ractor) { def self.new(...) = super }.new { 4 })
      RUBY
      file.close
      plain, with = [[], ["-r", "heap_periscope_agent"]].map do |options|
        Open3.capture3(RbConfig.ruby, "-W:experimental", "-I", WatchedProgram::LIB, *options, file.path)
      end
      expect(plain.first).to include("#<Ractor:#2 named #{file.path}:3\nnamed\n[1, 2, 3]\n")
      expect(with).to match([plain[0], plain[1], be_success])
    end
  end

  it "end sampling before the first runs where the VM does not bear both, which the log says once" do
    outcome = run(<<~RUBY, enable_allocation_sampling: true, gc_pauses: true)
      HeapPeriscopeAgent.start
      windows(5)
      during = Ractor.new { 1 }
      print sampling[:state], " ", armed.include?(:collections), " "
      5.times { value(Ractor.new { 2 }) }
      value(during)
      HeapPeriscopeAgent.stop
      HeapPeriscopeAgent.start
      sleep 1.3
      3.times { value(Ractor.new { 3 }) }
      print sampling[:state], " ", HeapPeriscopeAgent::Testing.arm.include?(:new_objects), " ", sampling[:reason].to_s.include?("Ractor")
    RUBY
    expect(outcome.out).to eq(refused ? "refused #{!SampledProgram.fragile?} refused false true" : "on true on true false")
    expect(said(outcome)).to eq(refused ? 1 : 0)
  end

  it "that are older than the agent, or than the wish to sample, count as well" do
    ["at_exit { $other << 1 }; $other = Ractor.new { Ractor.receive }", ""].each do |before|
      outcome = run(<<~RUBY, ruby: ["-W0", "-e", before])
        HeapPeriscopeAgent.start
        value(Ractor.new { 1 }) unless $other
        print sampling[:state].inspect, " "
        HeapPeriscopeAgent.configure { |config| config.enable_allocation_sampling = true }
        wait_until { 1000.times { Object.new } && sampling[:state] }
        print sampling[:state]
      RUBY
      expect(outcome.out).to eq("nil #{refused ? "refused" : "on"}")
    end
  end

  it "are not mentioned to a program that does not sample" do
    outcome = run(<<~RUBY)
      HeapPeriscopeAgent.start
      value(Ractor.new { 1 })
      sleep 1.3
      print sampling.empty?
    RUBY
    expect(outcome.out).to eq("true")
    expect(said(outcome)).to eq(0)
  end

  it "count from their announcement on, also for a thread that asks before the VM counts them" do
    outcome = run(<<~RUBY)
      def by_class = HeapPeriscopeAgent::Native.census(false).size > 1
      name = Object.new
      def name.to_str = by_class.to_s
      print by_class, " "
      other = Ractor.new(name: name) { Ractor.receive }
      print by_class, " "
      other.send(1)
      value(other)
      wait_until { by_class }
      print by_class
    RUBY
    expect(outcome.out).to eq("true false true")
  end

  it "that another thread was making while the process forked are not waited for in the child" do
    outcome = run(<<~RUBY)
      by_class = -> { HeapPeriscopeAgent::Native.census(false).size > 1 }
      name = Object.new
      def name.to_str = Thread.stop
      making = Thread.new { Ractor.new(name: name) { 1 } }
      wait_until { making.stop? }
      Process.wait(fork do
        wait_until { by_class.call }
        print by_class.call
        $stdout.flush
        exit!(0)
      end)
      print by_class.call
      making.kill
    RUBY
    expect(outcome.out).to eq("truefalse")
  end
end
