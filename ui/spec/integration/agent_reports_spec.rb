# frozen_string_literal: true

require_relative "../ui_helper"
require "socket"
require "tempfile"

RSpec.describe "What a real agent reports" do
  # Names, threads and code as no program should have them.
  odd = <<~'RUBY'
    require "heap_periscope_agent"
    HeapPeriscopeAgent.configure do |config|
      config.service_name = "ödd #{"x" * 190}"
      config.interval = 1
      config.enable_detailed_objects = true
      config.enable_allocation_sampling = true
      config.allocation_budget = 0.3
    end
    HeapPeriscopeAgent.start
    Object.const_set("L#{"o" * 3_000}ng", Class.new)
    kept = Array.new(10) { Object.const_get("L#{"o" * 3_000}ng").new } + [Class.new.new, Class.new(Hash).new, Module.new]
    def kept.singleton = nil
    deadline = Process.clock_gettime(Process::CLOCK_MONOTONIC) + 6
    while Process.clock_gettime(Process::CLOCK_MONOTONIC) < deadline
      # Nothing but a method in C on the stack; then code of no file.
      Thread.new("é" * 200_000, &:chars).join
      kept.concat(eval("Array.new(5_000) { Object.new }", binding, "", -5))
      eval("20_000.times { +'text' }", binding, "\xff\xfe\nfile", 2**31 - 1)
      HeapPeriscopeAgent.span("custom", "s" * 3_000) { 1_000.times { Object.new } }
      HeapPeriscopeAgent.span("custom", "\xff") { 100.times { Object.new } }
      HeapPeriscopeAgent.span("custom", "") { nil } rescue nil
      sleep 0.01
    end
  RUBY

  it "is taken by the collector, whatever the program is like" do
    UDPSocket.open do |socket|
      socket.bind("127.0.0.1", 0)
      program = Tempfile.create("odd").tap { |file| file.write(odd) && file.close }
      pid = spawn({ "HEAP_PERISCOPE_PORT" => socket.addr[1].to_s }, RbConfig.ruby, program.path)
      datagrams = []
      datagrams << socket.recv(65_535) while socket.wait_readable(8) && !datagrams.last.to_s.include?('"goodbye"')
      Process.wait(pid)

      reader = HeapPeriscopeUi::Collector::Datagram.new
      refused = datagrams.filter_map do |bytes|
        reader.read(bytes, 0) && nil
      rescue HeapPeriscopeUi::Collector::Refused => e
        "#{e.message}, #{e.place}"
      end
      sites = datagrams.flat_map { |bytes| JSON.parse(bytes).dig("payload", "allocation_sites") || [] }
      expect(refused.tally).to eq({})
      expect(sites.reject { |site| site.key?("path") }.map { |site| site["method"] }).to include("String#chars")
      expect(datagrams.last).to include('"goodbye"')
    end
  end
end
