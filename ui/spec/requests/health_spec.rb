# frozen_string_literal: true

require_relative "../ui_helper"

RSpec.describe "Health", :store do
  before { HeapPeriscopeUi::Health.reset }
  after { HeapPeriscopeUi::Health.reset }

  def health(path = "/health", env = {})
    answer = UiApp.get(path, env)
    [answer.status, answer.body.empty? ? nil : JSON.parse(answer.body)]
  end

  def collects(seen_at)
    row = { identity: "one", host: "web-1", pid: 1, state: "collecting", started_at: seen_at, seen_at: seen_at, counters: "{}" }
    HeapPeriscopeUi::CollectorRecord.upsert_all([row], unique_by: :identity)
    HeapPeriscopeUi::Health.reset
  end

  it "is 200 when the store answers and somebody collects, else 503" do
    expect(health).to eq([503, { "status" => "trouble", "store" => "ok", "collector" => "none" }])
    collects(HeapPeriscopeUi::Timestamps.now)
    expect(health).to eq([200, { "status" => "ok", "store" => "ok", "collector" => "alive" }])
    collects(HeapPeriscopeUi::Timestamps.now - 31_000)
    expect(health[0]).to eq(503)
  end

  it "tells load balancers whether this process can serve pages, whoever collects" do
    expect(health("/health/pages")).to eq([200, { "status" => "ok", "store" => "ok", "collector" => "none" }])
    expect(UiApp.get("/health/else").status).to eq(404)
    expect(UiApp.post("/health").status).to eq(405)
  end

  it "says so when the store does not answer, and does not ask it more than once a second" do
    HeapPeriscopeUi::ApplicationRecord.connection.execute("DROP TABLE heap_periscope_ui_collectors")
    expect(health).to eq([503, { "status" => "trouble", "store" => "unreachable", "collector" => "unknown" }])
    expect(health("/health/pages")[0]).to eq(503)
    expect(HeapPeriscopeUi::CollectorRecord).not_to receive(:where)
    10.times { health }
  end

  it "needs no credentials, and tells nothing else" do
    Rails.env = "production"
    HeapPeriscopeUi.configuration.http_basic = { name: "admin", password: "right" }
    collects(HeapPeriscopeUi::Timestamps.now)
    expect(UiApp.get("/status").status).to eq(401)
    expect(health[0]).to eq(200)
    expect(health[1].keys).to eq(%w[status store collector])
    expect(UiApp.get("/health").headers).to include("cache-control" => "no-store")
  ensure
    Rails.env = "test"
  end
end
