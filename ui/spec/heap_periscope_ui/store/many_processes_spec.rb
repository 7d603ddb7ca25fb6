# frozen_string_literal: true

require_relative "../../ui_helper"

# Programs that fork a child for every job make processes by the thousand.
RSpec.describe "Twenty thousand processes", :store, timeout: 300 do
  MANY = 20_000
  let(:now) { HeapPeriscopeUi::Timestamps.now }
  let(:connection) { HeapPeriscopeUi::ApplicationRecord.connection_pool }

  # @return [HeapPeriscopeUi::ObservedProcess]
  def template
    HeapPeriscopeUi.store.write(SampleData.snapshot(SampleData.members.first, 0, now - 5_000), received_at: now - 5_000)
    HeapPeriscopeUi::ObservedProcess.first
  end

  # Copies of one process: the children of one service ended within seconds, others are alive, silent, or gone after a long life.
  before do
    columns = template.attributes.except("id").merge("trend" => HeapPeriscopeUi::Trend.dump(Array.new(60) { |i| [i, i] }))
    rows = Array.new(MANY) do |i|
      ended = i < MANY - 1_200
      alive = i >= MANY - 1_000
      columns.merge("instance" => "copy-#{i}", "process_id" => i, "service_name" => ended ? "jobs" : "shop", "host" => "h#{i % 5}",
                    "first_seen_at" => now - 60_000 - (i * 100), "last_seen_at" => alive ? now - 2_000 : now - 50_000 - (i * 100),
                    "goodbye_at" => ended ? now - 55_000 - (i * 100) : nil)
    end
    rows.each_slice(500) { |slice| HeapPeriscopeUi::ObservedProcess.insert_all(slice) }
  end

  # @return [Float] seconds of the processor
  def cost
    began = Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID)
    yield
    Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID) - began
  end

  it "are summed up, listed in pages, and shown on every page in 200 ms" do
    UiApp.get("/") # what is loaded and compiled once
    id = HeapPeriscopeUi::ObservedProcess.find_by!(instance: "copy-#{MANY - 1}").id
    pages = ["/", "/?sort=rss", "/?q=shop", "/?state=gone", "/?page=3", "/leaks", "/status", "/compare", "/processes/#{id}", "/spans", "/retained_sites",
             "/api/v1/live", "/api/v1/live?about=suspects", "/api/v1/processes?limit=100"]
    seconds = pages.to_h do |page|
      UiApp.get(page)
      [page, Array.new(3) { cost { UiApp.get(page) } }.min]
    end
    puts seconds.transform_values { |value| (value * 1000).round }.inspect if ENV["SHOW"]
    expect(seconds.select { |_, value| value > 0.2 }).to eq({})

    overview = UiApp.get("/").body
    expect(overview.bytesize).to be < 600_000
    expect(overview).to match(/18.800 of which ended within a minute/)
    expect(overview.scan(/<tr id="process-\d+" class="proc/).size).to eq(100)
    expect(UiApp.get("/?page=2").body.scan(/<tr id="process-\d+" class="proc/).size).to eq(100)
    all = HeapPeriscopeUi::OverviewQuery.new.call
    expect(all).to include(processes: { alive: 1_001, silent: 200, gone: 18_800 }, short_lived: 18_800, matching: 1_201, pages: 13)
  end

  it "are deleted in batches, none of which holds up the writer" do
    HeapPeriscopeUi::Store::Deletion.mark(HeapPeriscopeUi::ObservedProcess.where(service_name: "jobs"))
    housekeeper = HeapPeriscopeUi::Store::Housekeeper.new(HeapPeriscopeUi.store)
    longest = 0
    steps = 0
    while HeapPeriscopeUi::ObservedProcess.unscoped.where.not(deleted_at: nil).exists?
      longest = [longest, cost { housekeeper.step(now_ms: now + (steps * 1_001)) }].max
      raise "it does not end" if (steps += 1) > 3_000
    end
    expect(longest).to be < 0.5
    expect(HeapPeriscopeUi::ObservedProcess.unscoped.where(kind: 0).count).to eq(1_201)
  end
end
