# frozen_string_literal: true

require "heap_periscope_agent"
require_relative "../support/watched_program"

# A receiver counts a gap as a loss: only what was handed to the kernel, or counted as dropped, may take a number.
RSpec.describe "the numbers of reports" do
  around { |example| DatagramReceiver.open { |receiver| (@receiver = receiver) && example.run } }

  attr_reader :receiver

  # Starts and stops again and again, at moments that meet the reporter in every state.
  STOPS = <<~RUBY
    reports = Thread.new { loop { HeapPeriscopeAgent.report_once!; sleep 0.01 } }
    ENV["STOPS"].to_i.times do
      HeapPeriscopeAgent.start or raise
      sleep rand * ENV["FOR"].to_f
      GC.start if rand < 0.2
      HeapPeriscopeAgent.stop or raise
    end
    reports.kill.join
    print HeapPeriscopeAgent.agent_cost.values_at(:datagrams_dropped, :failures).sum
  RUBY
  COMPUTING = "2.times { Thread.new { loop { Array.new(100) { +'x' } } } }\n"

  def expect_no_gap(script, stops:, for_s:, **options)
    out = WatchedProgram.run!(script, receiver: receiver, interval: 0.003, gc_pauses: true,
                                      env: { "STOPS" => stops.to_s, "FOR" => for_s.to_s }, **options).out
    expect(out).to eq("0")
    numbers = receiver.reports.map { |report| report["sequence"] }.uniq
    expect(numbers.size).to be > stops * 2
    expect(numbers).to eq((1..numbers.size).to_a)
  end

  it "have no gap, and leave in their order, whenever the reporter is stopped" do
    expect_no_gap(STOPS, stops: 150, for_s: 0.02)
  end

  it "have none where the reporter has to wait for its turn to sign" do
    expect_no_gap(COMPUTING + STOPS, stops: 12, for_s: 0.4, secret: "0123456789abcdef", enable_detailed_objects: true)
  end

  it "have none at the end of short programs that are busy reporting" do
    script = "#{COMPUTING}HeapPeriscopeAgent.start; GC.start; sleep 0.9 + rand * 0.3"
    Array.new(6) do
      Thread.new { WatchedProgram.run!(script, receiver: receiver, interval: 0.05, secret: "0123456789abcdef") }
    end.each(&:join)
    lives = receiver.reports.group_by { |report| report["instance"] }
    expect(lives.size).to eq(6)
    lives.each_value do |reports|
      expect(reports.map { |report| report["sequence"] }).to eq((1..reports.size).to_a)
      expect(reports.last["type"]).to eq("goodbye")
    end
  end
end
