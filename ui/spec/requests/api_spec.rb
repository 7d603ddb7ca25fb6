# frozen_string_literal: true

require_relative "../ui_helper"

RSpec.describe "The JSON API", :store do
  let(:now) { HeapPeriscopeUi::Timestamps.now }
  let(:start) { now - 600_000 }
  let(:members) { SampleData.members }
  let(:row) { HeapPeriscopeUi::ObservedProcess.find_by!(instance: members.first.instance) }

  before do
    0.step(590, 10) do |second|
      at = start + (second * 1000)
      HeapPeriscopeUi.store.write(members.first(2).map { |member| SampleData.snapshot(member, 1_200 + second, at) }, received_at: at)
    end
    HeapPeriscopeUi.store.write(SampleData.gc_report(members.first, now), received_at: now)
  end

  def get(path)
    UiApp.get("/api/v1/#{path}")
  end

  def json(path)
    answer = get(path)
    expect(answer.status).to eq(200), answer.body
    JSON.parse(answer.body)
  end

  it "lists processes with the figures `heap_periscope top` shows" do
    list = json("processes")["processes"]
    expect(list.size).to eq(2)
    expect(list.find { |process| process["instance"] == members.first.instance }).to include(
      "service_name" => "shop-web", "host" => "web-1", "process_id" => 41_209, "ruby" => "3.4.9", "agent" => "1.0.0", "state" => "alive",
      "last_seen_at" => Integer, "rss_bytes" => Integer, "pss_bytes" => Integer, "heap_live_slots" => Integer, "heap_free_slots" => Integer,
      "allocation_rate" => 412_000.0, "gc_per_minute" => 126.0, "gc_share" => Float, "pause_p99_ms" => 41.0, "leak_suspects" => 1, "trend" => Array
    )
    expect(json("processes?state=gone")["processes"]).to be_empty
  end

  it "gives a process with what it said last" do
    answer = json("processes/#{row.id}")
    expect(answer["process"]).to include("process_id" => 41_209)
    expect(answer["moment"]["sections"]["gc_stats"]).to include("heap_live_slots" => Integer)
  end

  it "gives a series as pairs of time and value" do
    points = json("processes/#{row.id}/series?metric=heap_live_slots&from=#{start}&to=#{now}")
    expect(points.size).to eq(60)
    expect(points.first).to match([start, Integer])
    iso = json("processes/#{row.id}/series?metric=rss_bytes&from=#{Time.at(start / 1000.0).utc.iso8601}&range=")
    expect(iso.size).to be_between(59, 60)
    both = json("processes/#{row.id}/series?metric=rss_bytes,gc_stats.count")
    expect(both["series"].keys).to eq(%w[rss_bytes gc_stats.count])
  end

  it "gives classes at a moment, filtered, sorted and as CSV" do
    answer = json("processes/#{row.id}/classes?at=#{now}&since=#{start}&kind=application&sort=count_change&limit=3")
    expect(answer).to include("at" => Integer, "total" => 7)
    expect(answer["classes"].first).to include("name" => "LineItem", "kind" => "application", "count" => Integer, "bytes" => Integer,
                                               "count_change" => be > 1_000, "suspect" => true)
    csv = get("processes/#{row.id}/classes.csv?filter=cart")
    expect(csv.headers["content-type"]).to start_with("text/csv")
    expect(csv.body.lines.map(&:chomp)).to match(["name,kind,count,bytes,count_change,bytes_change,suspect",
                                                  /\ACart,application,\d+,\d+,,,false\z/])
  end

  it "compares two moments" do
    answer = json("processes/#{row.id}/compare?from=#{start + 60_000}&to=#{now}")
    expect(answer["hours"]).to be_within(0.01).of(530 / 3600.0)
    item = answer["classes"].find { |entry| entry["name"] == "LineItem" }
    expect(item).to include("state" => "grew", "count_change" => item["b"]["count"] - item["a"]["count"])
  end

  it "gives spans, one span, sites, suspects, events, pauses, class history, status and news" do
    id = row.id
    expect(json("spans?type=controller&process=#{id}")["spans"].map { |span| span["name"] }).to include("CartsController#add")
    expect(json("span?type=controller&name=CartsController%23add&process=#{id}")["survivors"]).to match([include("name" => "LineItem")])
    expect(json("allocation_sites?process=#{id}")["sites"].first).to include("path" => "app/models/cart.rb", "line" => 41)
    expect(json("retained_sites?process=#{id}")["sites"].first).to include("class_name" => "LineItem", "ages" => Hash)
    expect(json("leak_suspects")["suspects"].first).to include("class_name" => "LineItem", "processes" => Array)
    expect(json("processes/#{id}/pauses")["count"]).to be_positive
    expect(json("processes/#{id}/class_history?top=10&by=count")["names"].size).to eq(10)
    expect(json("status")).to include("received" => 0, "reasons" => Array, "database" => include("bytes" => Integer))
    events = json("events?process=#{id}&limit=2")
    expect(events["events"].map { |event| event["kind"] }).to eq(%w[gc snapshot])
    expect(json("events?process=#{id}&after=#{events["cursor"]}")["events"]).to be_empty
    HeapPeriscopeUi.store.write(SampleData.snapshot(members.first, 1_800, now), received_at: now)
    news = json("live?process=#{id}&after=#{events["cursor"]}&since=#{now - 5_000}&metric=rss_bytes")
    expect(news["events"].size).to eq(1)
    expect(news["series"]["rss_bytes"].size).to eq(1)
  end

  it "answers 400 with a sentence to what it does not know" do
    {
      "processes?foo=1" => "unknown parameter \"foo\"; known are state, service, all",
      "processes?state=dead" => "state must be one of alive, silent, gone, not \"dead\"",
      "processes/#{row.id}/series" => "metric is missing",
      "processes/#{row.id}/series?metric=nonsense" => "metric must be one of rss_bytes",
      "processes/#{row.id}/series?metric=rss_bytes&from=5&to=3" => "from (5) must be before to (3)",
      "processes/#{row.id}/series?metric=rss_bytes&from=yesterday" => "from must be unix milliseconds or ISO 8601",
      "processes/#{row.id}/series?metric=rss_bytes&range=2h" => "range must be one of 15m, 1h",
      "processes/#{row.id}/series?metric=rss_bytes&from=0" => "a range must not be longer than 400 days",
      "processes/#{row.id}/classes?limit=0" => "limit must be a whole number from 1 to 5000",
      "processes/#{row.id}/classes?kind[]=a" => "kind must be",
      "spans?type=banana" => "type must be one of controller",
      "events" => "process is missing",
      "live.csv" => "there is no CSV of this"
    }.each do |path, sentence|
      answer = get(path)
      expect([path, answer.status]).to eq([path, 400])
      expect(JSON.parse(answer.body)["error"]).to start_with(sentence)
    end
  end

  it "answers 404 to what is not there" do
    expect(get("processes/999999").status).to eq(404)
    expect(get("nothing/here").status).to eq(404)
    expect(get("processes/999999/series?metric=rss_bytes").status).to eq(404)
  end
end
