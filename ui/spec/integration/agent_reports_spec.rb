# frozen_string_literal: true

require_relative "../ui_helper"
require "support/watched_program"

RSpec.describe "What a real agent reports" do
  # Names, threads and code as no program should have them.
  odd = <<~'RUBY'
    HeapPeriscopeAgent.start
    Object.const_set("L#{"o" * 3_000}ng", Class.new)
    kept = Array.new(10) { Object.const_get("L#{"o" * 3_000}ng").new } + [Class.new.new, Class.new(Hash).new, Module.new]
    def kept.singleton = nil
    deadline = clock + 6
    while clock < deadline
      # Nothing but a method in C on the stack; then code of no file.
      Thread.new("é" * 200_000, &:chars).join
      kept.concat(eval("Array.new(5_000) { Object.new }", binding, "", -5))
      eval("20_000.times { +'text' }", binding, "\xff\xfe\nfile", 2**31 - 1)
      HeapPeriscopeAgent.span("custom", "s" * 3_000) { 1_000.times { Object.new } }
      HeapPeriscopeAgent.span("custom", "\xff") { 100.times { Object.new } }
      HeapPeriscopeAgent.span("custom", "") { nil }
      sleep 0.01
    end
  RUBY

  it "is taken by the collector, whatever the program is like" do
    DatagramReceiver.open do |receiver|
      WatchedProgram.run!(odd, receiver: receiver, service_name: "ödd #{"x" * 190}", interval: 1, enable_detailed_objects: true,
                               enable_allocation_sampling: true, allocation_budget: 0.3)
      receiver.await("goodbye")

      reader = HeapPeriscopeUi::Collector::Datagram.new
      refused = receiver.datagrams.filter_map do |bytes|
        reader.read(bytes.dup, 0) && nil
      rescue HeapPeriscopeUi::Collector::Refused => e
        "#{e.message}, #{e.place}"
      end
      sites = receiver.reports.flat_map { |report| report.dig("payload", "allocation_sites") || [] }
      expect(refused.tally).to eq({})
      expect(sites.reject { |site| site.key?("path") }.map { |site| site["method"] }).to include("String#chars")
      expect(receiver.datagrams.last).to include('"goodbye"')
    end
  end
end
