# frozen_string_literal: true

require_relative "../ui_helper"
require_relative "../support/sample_history"

RSpec.describe "What a new dashboard shows", :store do
  let(:now) { HeapPeriscopeUi::Timestamps.now }

  def report(members, seconds, at)
    HeapPeriscopeUi.store.write(members.map { |member| SampleData.snapshot(member, seconds, at) }, received_at: at)
  end

  # @return [Array<Integer>] lines of the sparklines of each row
  def sparks(page, row)
    page.body[row].to_s.scan(/<svc|class="spark[^"]*".*?<\/svg>/m).map { |spark| spark.scan("<path").size }
  end

  it "draws sparklines from the second report on, and of all processes together" do
    members = SampleData.members.first(2)
    3.times { |i| report(members, i * 10, now - 20_000 + (i * 10_000)) }
    page = UiApp.get("/")
    expect(sparks(page, /<tr id="process-1".*?<\/tr>/m)).to eq([3, 3])
    expect(sparks(page, /<dl class="figures">.*?<\/dl>/m)).to eq([3, 3])
    expect(page.body).to match(/Resident memory.*? [KM]B in 20 s</m)
    summary = JSON.parse(UiApp.get("/api/v1/processes").body)["processes"].first
    expect([summary["trend"].size, summary["trend_step_ms"]]).to eq([3, 10_000])
    expect(JSON.parse(UiApp.get("/api/v1/live").body)["processes"].first["trend"]).to eq([])
  end

  it "names the surest suspect of a process, and of several as sure the one with most bytes an hour" do
    member = SampleData.members.first
    message = SampleData.snapshot(member, 0, now)
    message["payload"]["leak_suspects"] = [["String", "low", 9e9], ["Row", "high", 1e6], ["Page", "high", 2e6], ["Hash", "medium", 5e9]].map do |name, level, bytes|
      { "class_name" => name, "confidence" => level, "since" => HeapPeriscopeUi::Timestamps.iso(now), "objects_per_hour" => 1e4, "bytes_per_hour" => bytes,
        "count" => 10, "bytes" => 400 }
    end
    HeapPeriscopeUi.store.write(message, received_at: now)
    page = HeapPeriscopeUi::OverviewPage.new(state: nil, filter: "", sort: "name")
    expect(page.suspect_of.values).to eq([{ class_name: "Page", confidence: "high" }])
    expect(UiApp.get("/").body[/<tr id="process-1".*?<\/tr>/m]).to match(/class="tag bad".*Page/)
  end

  it "adds up young and old processes at the same distance of points" do
    old, young, gone = SampleData.members.first(3)
    SampleHistory.new([old, gone]).write(20)
    12.times { |i| report([young], i * 10, now - 115_000 + (i * 10_000)) }
    page = HeapPeriscopeUi::OverviewPage.new(state: nil, filter: "", sort: "name")
    listed = HeapPeriscopeUi::OverviewQuery.new.processes
    steps = listed.to_h { |process| [process[:process_id], [process[:trend_step_ms], process[:trend].size]] }
    expect(steps[young.pid]).to eq([10_000, 12])
    expect(steps[old.pid]).to match([60_000, be > 15])
    total = page.total_trend(:rss_trend)
    expect(total.size).to eq(steps[old.pid][1])
    expect(total.last).to be_within(0.2 * total.last).of(listed.reject { |process| process[:process_id] == gone.pid }.sum { |process| process[:rss_bytes] })
  end
end

RSpec.describe "Spans of the dashboard's own controllers", :store do
  let(:now) { HeapPeriscopeUi::Timestamps.now }
  let(:id) { HeapPeriscopeUi::ObservedProcess.first.id }
  let(:member) { SampleData.members.first }
  let(:own) { %w[HeapPeriscopeUi::OverviewController#show HeapPeriscopeUi::Api::V1::StatusController#live] }

  def report(names)
    message = SampleData.snapshot(member, 0, now)
    message["payload"]["living_objects_by_spans"] = { "controller" => names.map { |name| { "name" => name, "calls" => 3, "allocated_objects" => 5 } } }
    HeapPeriscopeUi.store.write(message, received_at: now)
  end

  def names(path)
    UiApp.get(path).body.scan(/<tr id="span-.*?<a [^>]*>(.*?)<\/a>/m).flatten.map { |name| CGI.unescapeHTML(name.gsub("<wbr>", "")) }
  end

  it "are left out, unless the switch is set" do
    report(own + ["PostsController#index"])
    expect(names("/spans?process=#{id}")).to eq(["PostsController#index"])
    expect(names("/spans?process=#{id}&own=true")).to match_array(own + ["PostsController#index"])
    expect(UiApp.get("/spans?process=#{id}").body).to match(/own=true[^>]*>With the dashboard’s own <span class="n">2</)
    list = ->(path) { JSON.parse(UiApp.get("/api/v1/spans?process=#{id}#{path}").body)["spans"].map { |span| span["name"] } }
    expect([list.call("").size, list.call("&own=true").size]).to eq([1, 3])
  end

  it "have no switch where there are none, and one where there is nothing else" do
    report(["PostsController#index"])
    expect(UiApp.get("/spans?process=#{id}").body).not_to include("own=true")
    HeapPeriscopeUi::Sample.delete_all
    report(own)
    expect(UiApp.get("/spans?process=#{id}").body).to include("but for those of this dashboard’s own pages").and include("own=true")
    expect(names("/spans?process=#{id}&own=true")).to match_array(own)
  end
end
