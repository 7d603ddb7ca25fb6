# frozen_string_literal: true

require_relative "../ui_helper"

# What b22bce6 let in and stored.
RSpec.describe "Pages over a database that holds values of the wrong type", :store do
  let(:now) { HeapPeriscopeUi::Timestamps.now }
  let(:row) { HeapPeriscopeUi::ObservedProcess.first }

  before do
    members = SampleData.members
    members.first(6).each { |member| HeapPeriscopeUi.store.write(SampleData.snapshot(member, 1_260, now), received_at: now) }
    HeapPeriscopeUi.store.write(SampleData.gc_report(members.first, now), received_at: now)
    HeapPeriscopeUi::LeakSuspect.update_all(details: JSON.generate(
      "sites" => [{ "path" => "app/models/good.rb", "line" => 3, "share" => 0.5 }, { "path" => "bad.rb", "line" => "x", "share" => "half" }, 7],
      "spans" => [{ "type" => 1, "name" => [], "share" => true }], "stack" => ["a.rb:1 in x", 5, {}], "sentence" => 8
    ))
    HeapPeriscopeUi::Event.where(kind: 0).update_all(data: JSON.generate("sequence" => "one", "parts" => [], "bytes" => "many", "census_ms" => "x" * 1_000))
    HeapPeriscopeUi::Event.where(kind: 1).update_all(data: JSON.generate("n" => "3", "ms" => "long", "pauses" => ["a", 2.5], "by" => 1, "major" => {},
                                                                         "single" => [{ "ms" => "y", "thread" => 3 }]))
    HeapPeriscopeUi::ObservedProcess.update_all(lost: 1 << 61, latest: JSON.generate("allocation_sampling" => { "state" => "on", "windows" => "many",
                                                                                                                "id" => 99, "process_id" => "x" }))
    HeapPeriscopeUi::Site.update_all(stack: "[1, \"a.rb:1\", null]")
    HeapPeriscopeUi::Layout.update_all(keys: JSON.generate(["gc_stats", "", "heap_pools.x", "agent_cost.core_share"]))
    HeapPeriscopeUi::Layout.forget
  end

  def status(path)
    UiApp.get(path).status
  end

  it "shows every page and address of the API" do
    pages = %W[/ /processes/#{row.id} /leaks /spans /allocation_sites /retained_sites /compare?process=#{row.id} /status]
    addresses = %W[processes processes/#{row.id} processes/#{row.id}/classes processes/#{row.id}/pauses leak_suspects allocation_sites retained_sites spans
                   status events?process=#{row.id} live?process=#{row.id}].map { |path| "/api/v1/#{path}" }
    expect((pages + addresses).to_h { |path| [path, status(path)] }).to eq((pages + addresses).to_h { |path| [path, 200] })
  end

  it "keeps what is right beside what is not" do
    suspect = JSON.parse(UiApp.get("/api/v1/leak_suspects").body)["suspects"].first
    expect(suspect["sites"]).to eq([{ "path" => "app/models/good.rb", "line" => 3, "share" => 0.5 }, { "path" => "bad.rb" }])
    expect(suspect).to include("stack" => ["a.rb:1 in x"], "sentence" => nil)
    sampling = JSON.parse(UiApp.get("/api/v1/allocation_sites").body)["sampling"]
    expect(sampling.map { |state| state.values_at("id", "state", "windows") }).to include([row.id, "on", nil])
    expect(JSON.parse(UiApp.get("/api/v1/status").body)["lost"]).to eq(6 * HeapPeriscopeUi::StatusQuery::MOST_LOST)
  end
end
