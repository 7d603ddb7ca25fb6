# frozen_string_literal: true

require "time"
require_relative "../support/demo_app_context"

# A real Puma cluster of two workers with the app loaded before the fork, booted once.
RSpec.describe "A Rails server under the agent", timeout: 300 do
  include_context "with the demo app"

  before(:all) do
    @receiver.forget
    @master = @app.serve
  end

  let(:master) { @master }

  def workers(reports)
    reports.map { |report| report["process_id"] }.uniq - [master]
  end

  # Asks until the workers' reports show that many more calls of the name.
  def calls_of(name, type = "controller")
    receiver.spans.dig([type, name], "calls").to_i
  end

  it "reports from the master and from every worker, each under its own pid and instance" do
    reports = receiver.wait(what: "a report of three processes") do |all|
      snapshots = all.select { |report| report["type"] == "snapshot" }
      snapshots if workers(snapshots).size >= 2 && snapshots.any? { |report| report["process_id"] == master }
    end

    instances = reports.group_by { |report| report["process_id"] }
                       .transform_values { |of_process| of_process.map { |report| report["instance"] }.uniq }
    expect(instances.values.map(&:size)).to all(eq(1))
    expect(instances.values.flatten.uniq.size).to eq(instances.size)
    expect(reports.map { |report| report["service_name"] }.uniq).to eq(["Rails"])
    # So that the demo's page of pauses is not empty on any Ruby.
    expect(reports.map { |report| report.dig("payload", "gc_pauses", "single") }).to all(be(true))
  end

  it "measures actions of ActionController::Base and ::API, streams, failures, and records" do
    3.times { expect(app.post("/api/orders?lines=2").code).to eq("201") }
    2.times { expect(app.get("/").code).to eq("200") }
    expect(app.get("/api/export").body.lines.size).to be >= 3
    expect(app.get("/api/failure").code).to eq("500")

    receiver.wait do
      calls_of("PagesController#home") >= 2 && calls_of("Api::ExportsController#show") >= 1 &&
        calls_of("Api::OrdersController#failure") >= 1 && calls_of("Api::OrdersController#create") >= 3 &&
        calls_of("LineItem#create", "model") >= 6
    end
    spans = receiver.spans
    expect(spans[["controller", "Api::OrdersController#create"]]).to include("calls" => 3, "errors" => 0)
    expect(spans[["controller", "Api::OrdersController#create"]]["allocated_objects"]).to be > 300
    expect(spans[["controller", "Api::ExportsController#show"]]).to include("calls" => 1, "errors" => 0)
    expect(spans[["controller", "Api::OrdersController#failure"]]).to include("calls" => 1, "errors" => 1)
    expect(spans[["model", "Order#create"]]).to include("calls" => 3, "errors" => 0)
    expect(spans[["model", "LineItem#create"]]).to include("calls" => 6)
  end

  it "tells the living objects after a call, in turns" do
    name = %w[controller Api::OrdersController#index]
    spans = receiver.wait(90) do
      app.get("/api/orders?limit=5")
      receiver.spans if receiver.spans.dig(name, "live_objects")
    end

    expect(spans[name]["live_objects"].size).to be_between(10, 20)
    expect(spans[name]["live_objects"].first)
      .to include("name" => String, "type" => "native", "count" => be > 10_000, "size" => / [KM]B\z/,
                  "bytes" => Integer)
    expect(Time.iso8601(spans[name]["measured_at"])).to be_within(120).of(Time.now)
  end

  it "leaks only through switches, and shows what leaked" do
    Dir[File.join(DemoApp::ROOT, "app/leaks/*_leak.rb")].map { |path| File.basename(path, "_leak.rb") }.each do |kind|
      expect(JSON.parse(app.get("/leaks/#{kind}").body)).to include("on" => false, "leaked" => 0)
      expect(app.request(:patch, "/switches/#{kind}.json").code).to eq("200")
      expect(JSON.parse(app.get("/leaks/#{kind}?n=10").body)).to include("on" => true, "leaked" => 10)
      expect(app.request(:delete, "/switches/#{kind}.json").code).to eq("200")
    end

    app.request(:patch, "/switches/class_array.json")
    receiver.wait(90) do |reports|
      app.get("/leaks/class_array?n=10000")
      reports.any? do |report|
        report.dig("payload", "living_objects_by_class", "ClassArrayLeak::Visit", "count").to_i >= 10_000
      end
    end
    app.request(:delete, "/switches/class_array.json")
  end

  it "loses nothing but the worker that is killed: its successor reports" do
    before = receiver.wait { |all| workers(all) if workers(all).size >= 2 }
    victim = before.last
    Process.kill("KILL", victim)

    successor = receiver.wait(what: "a report of the worker's successor") { |all| (workers(all) - before).first }
    from_successor = receiver.wait { |all| all.find { |report| report["process_id"] == successor } }
    expect(from_successor["instance"]).not_to eq(receiver.of(pid: victim).last["instance"])

    receiver.wait(what: "spans of the worker's successor") do
      app.get("/")
      receiver.spans(pid: successor).key?(["controller", "PagesController#home"])
    end
  end
end
