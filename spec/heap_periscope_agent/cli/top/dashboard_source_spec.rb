# frozen_string_literal: true

require "puma"
require "puma/server"
require "heap_periscope_agent/cli/top"
require_relative "../../../support/command_line"

RSpec.describe HeapPeriscopeAgent::CLI::Top::DashboardSource do
  include CommandLine

  process = { "id" => 7, "service_name" => "Shop\e[2J", "host" => "web-1", "process_id" => 4711, "ruby" => "3.4.9",
              "state" => "alive", "last_seen_at" => 1_700_000_000_000, "rss_bytes" => 104_857_600,
              "heap_live_slots" => 90_000, "heap_free_slots" => 10_000, "allocation_rate" => 1_240_000.5,
              "gc_per_minute" => 12.0, "gc_share" => 0.031, "pause_p99_ms" => 8.4, "trend" => [1, 2, 3] }
  classes = [{ "name" => "Order", "kind" => "application", "count" => 5, "bytes" => 500 },
             { "name" => "String", "kind" => "platform", "count" => 9, "bytes" => nil }]

  let(:asked) { Queue.new }
  let(:answers) do
    { "/hp/api/v1/processes" => [200, { processes: [process, process.merge("id" => 8, "state" => "gone")] }],
      "/hp/api/v1/processes/7/classes" => [200, { classes: classes }],
      "/hp/api/v1/processes/8/classes" => [200, { classes: [] }] }
  end

  # A dashboard as far as its answers go; the real one is in ui/.
  def dashboard
    app = lambda do |env|
      asked << [env["PATH_INFO"], env["HTTP_AUTHORIZATION"]]
      status, body = answers.fetch(env["PATH_INFO"]) { [404, "no"] }
      [status, { "content-type" => "application/json" }, [body.is_a?(String) ? body : JSON.generate(body)]]
    end
    server = Puma::Server.new(app, nil, { log_writer: Puma::LogWriter.null, min_threads: 0, max_threads: 2 })
    port = server.add_tcp_listener("127.0.0.1", 0).local_address.ip_port
    server.run
    yield port
  ensure
    server&.stop(true)
  end

  def source(url)
    source = described_class.new(url)
    yield source
  ensure
    source&.close
  end

  # Pumps until the block gives something true.
  def pump_until(source)
    wait_for("an answer") do
      source.pump(Time.now)
      yield
    end
  end

  it "shows processes and classes as a dashboard tells them" do
    dashboard do |port|
      source("http://ann:s%20x@127.0.0.1:#{port}/hp/") do |source|
        rows = pump_until(source) { source.model.rows(Time.at(1_700_000_002)).then { |all| all if all.any? } }
        expect(rows.first).to have_attributes(
          key: "7", service: "Shop?[2J", process_id: 4711, host: "web-1", ruby: "3.4.9", state: :alive, age_s: 2.0,
          rss_bytes: 104_857_600, live_slots: 90_000, free_slots: 10_000, allocation_rate: 1_240_000.5,
          gc_per_minute: 12.0, gc_share: 0.031, pause_p99_ms: 8.4, trend: ([nil] * 10) + [1, 2, 3], classes_by: :class
        )
        expect(rows.first.classes.map(&:to_a)).to eq([["Order", "app", 5, 500, 0, 0],
                                                      ["String", "platform", 9, nil, 0, nil]])
        expect(rows.last).to have_attributes(key: "8", state: :gone, classes: [])
        expect([source.words, source.notice, source.model.lost]).to eq(["asking 127.0.0.1:#{port}/hp", nil, nil])
        expect(asked.pop).to eq(["/hp/api/v1/processes", "Basic #{["ann:s x"].pack("m0")}"])
      end
    end
  end

  it "asks for the classes of the process that is selected, at once" do
    dashboard do |port|
      source("http://127.0.0.1:#{port}/hp") do |source|
        pump_until(source) { source.model.rows(Time.now).any? }
        source.select("8")
        wait_for("the question") { asked.size.positive? && asked.pop.first == "/hp/api/v1/processes/8/classes" }
      end
    end
  end

  it "says so when the dashboard fails, keeps what was there, and goes on when it is back" do
    good = answers["/hp/api/v1/processes"]
    failures = { "answered 403: it does not let us in" => [403, "no"], "answered 500" => [500, "{"],
                 "answered something else than processes" => [200, "[]"],
                 "did not answer with JSON" => [200, "<html>"] }
    dashboard do |port|
      source("http://127.0.0.1:#{port}/hp") do |source|
        pump_until(source) { source.model.rows(Time.now).any? }
        [*failures, [nil, good]].each do |notice, answer|
          answers["/hp/api/v1/processes"] = answer
          pump_until(source) do
            source.select("7") # does not wait for the next round
            source.notice == (notice && "127.0.0.1:#{port}/hp #{notice}")
          end
          expect(source.model.rows(Time.now).size).to eq(2)
        end
      end
    end
  end

  it "survives processes and classes of any shape" do
    answers["/hp/api/v1/processes"] = [200, { processes: [1, nil, { "id" => 7 }, process.transform_values { [] }] }]
    answers["/hp/api/v1/processes/7/classes"] =
      [200, { classes: [1, { "name" => 5 }, { "name" => "A", "count" => -1 }] }]
    dashboard do |port|
      source("http://127.0.0.1:#{port}/hp") do |source|
        rows = pump_until(source) { source.model.rows(Time.now).then { |all| all if all.any? } }
        expect(rows.map(&:service)).to eq(%w[? ?])
        expect(rows.map(&:classes)).to eq([[], []])
      end
    end
  end

  it "says that nobody answers" do
    source("http://127.0.0.1:1/hp") do |source|
      expect(pump_until(source) { source.notice }).to match(%r{\A127\.0\.0\.1:1/hp cannot be asked: .*refused})
    end
  end

  ["ftp://x/", "localhost:3000", "http://", "", "http://[", "file:///etc/passwd"].each do |url|
    it "refuses #{url.inspect}" do
      expect { described_class.new(url) }.to raise_error(HeapPeriscopeAgent::CLI::UsageError, /--url takes http/)
    end
  end
end
