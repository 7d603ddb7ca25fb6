# frozen_string_literal: true

require "tmpdir"
require "heap_periscope_agent/version"
require_relative "../../../support/command_line"
require_relative "../../../support/reports"

RSpec.describe "heap_periscope top without a terminal" do
  include CommandLine
  include Reports

  it "writes one line for each report at once" do
    listening("top") do |pid, port, out|
      gc = { count: 10, time: 1000, total_allocated_objects: 5_000_000, heap_live_slots: 9, heap_free_slots: 1 }
      payload = { gc_stats: gc }.merge(classes("A b": [7, 70, false], C: [9, 90, true]))
      send_to(port, snapshot(payload, service_name: 'My "shop"'), gc_report(sequence: 2),
              envelope("goodbye", { reason: "exit" }, sequence: 3))
      lines = wait_for("three lines") { File.readlines(out, chomp: true).then { |all| all if all.size == 3 } }
      times, reports = lines.map { |line| line.split(" ", 2) }.transpose
      expect(times).to all(match(/\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\z/))
      expect(reports[0]).to eq(
        'report=snapshot service="My \"shop\"" pid=4711 host=web-1 rss_bytes=104857600 live_slots=9 free_slots=1 ' \
        'allocations_per_s=- gc_per_minute=- gc_share=- pause_p99_ms=- classes="C:9,A b:7"'
      )
      expect(reports[1]).to eq("report=gc service=Shop pid=4711 host=web-1 duration_ms=2.1 collections=1")
      expect(reports[2]).to eq("report=goodbye service=Shop pid=4711 host=web-1 reason=exit")
      expect(stop(pid, :INT).exitstatus).to eq(130)
    end
  end

  it "plays a recording as fast as it can" do
    Dir.mktmpdir do |dir|
      path = File.join(dir, "file")
      lines = Array.new(1200) do |index|
        JSON.generate({ received_at: (Time.now + index).utc.iso8601(3), from: "x",
                        datagram: gc_report(sequence: index + 1) })
      end
      File.write(path, lines.join("\n"))
      out, err, status = heap_periscope("top", path)
      expect([out.lines.size, err, status]).to eq([1200, "", 0])
    end
  end

  it "says what is wrong with a file" do
    expect(heap_periscope("top", "/no/such/file")).to match(["", %r{/no/such/file cannot be read: No such file}, 1])
    expect(heap_periscope("top", "a", "b")).to match(["", /one file at a time, not 2/, 2])
    expect(heap_periscope("top", "--speed", "0", "a")).to match(["", /--speed takes a number above 0/, 2])
    expect(heap_periscope("top", "--port", "70000"))
      .to match(["", /--port takes a number from 0 \(any that is free\) to 65535, not 70000/, 2])
    expect(heap_periscope("top", "--secret-env", "S", env: { "S" => "short" }))
      .to match(["", /the secret in S is shorter than 16 bytes/, 2])
  end

  it "says who has the port" do
    listening("top") do |pid, port|
      expect(heap_periscope("top", "--port", port.to_s))
        .to match(["", /port #{port} on 127\.0\.0\.1 is taken by process #{pid} \(.*heap_periscope top --port 0\)/, 1])
    end
  end
end
