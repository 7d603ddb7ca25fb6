# frozen_string_literal: true

require "heap_periscope_agent"
require_relative "../support/watched_program"

RSpec.describe "resolver" do
  def resolve(host, patience_ms = 5000) = HeapPeriscopeAgent::Testing.resolve(host, patience_ms)

  it "takes numeric addresses as they are, at once", :native do
    expect([resolve("127.0.0.1", 0), resolve("::1", 0), resolve("192.0.2.77", 0)]).to eq(%w[127.0.0.1 ::1 192.0.2.77])
  end

  it "asks the system for names" do
    expect(resolve("localhost")).to eq("127.0.0.1").or eq("::1")
  end

  it "says when there is no such name" do
    expect(resolve("no-such-host.invalid", 30_000)).to eq(:failed)
  end

  # A name server that takes `seconds` for slow.example, and then knows nothing of it.
  def beside_slow_names(seconds, script)
    WatchedProgram.run!(<<~RUBY, shim: :slow_names, env: { "SHIM_SECONDS" => seconds.to_s }).out
      def resolve(host, patience_ms) = HeapPeriscopeAgent::Testing.resolve(host, patience_ms)
      def timed = clock.then { |began| [yield, clock - began] }
      #{script}
    RUBY
  end

  it "waits as long as it may, then answers that it does not know yet, and knows later" do
    out = beside_slow_names(1, <<~RUBY)
      first, patience = timed { resolve("slow.example", 100) }
      again, no_patience = timed { resolve("slow.example", 5000) }
      answer = nil
      wait_until { (answer = resolve("slow.example", 0)) != :pending }
      print [first, patience.between?(0.09, 0.9), again, no_patience < 0.9, answer].join(" ")
    RUBY
    expect(out).to eq("pending true pending true failed")
  end

  it "answers for other hosts while a look-up hangs, and keeps to two of them" do
    out = beside_slow_names(20, <<~RUBY)
      answers = [resolve("slow.example", 10), resolve("localhost", 5000), resolve("127.0.0.1", 0)]
      other = resolve("slow.example", 10)
      tasks = Dir["/proc/self/task/*"].size
      5.times { resolve("localhost", 50); resolve("slow.example", 10) }
      print answers[0], " ", answers[1] != :pending, " ", answers[2], " ", other, " ", Dir["/proc/self/task/*"].size - tasks
    RUBY
    expect(out).to eq("pending true 127.0.0.1 pending 0")
  end

  it "forgets in a forked child what its parent is waiting for" do
    out = beside_slow_names(20, <<~RUBY)
      HeapPeriscopeAgent.start
      2.times { resolve("slow.example", 10) }
      child = fork { exit!(resolve("localhost", 5000).is_a?(String) ? 0 : 1) }
      Process.wait(child)
      print $?.exitstatus
    RUBY
    expect(out).to eq("0")
  end
end
