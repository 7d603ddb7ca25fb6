# frozen_string_literal: true

require_relative "../../ui_helper"

# What a version that lost pauses from 0.5 ms to 1 s has stored.
RSpec.describe HeapPeriscopeUi::Store::WholePauses, :store do
  let(:minute) { 60_000 }
  let(:now) { HeapPeriscopeUi::Timestamps.now.then { |at| at - (at % minute) } }
  let(:member) { SampleData.members.first }
  let(:row) { HeapPeriscopeUi::ObservedProcess.first }
  let(:range) { HeapPeriscopeUi::TimeRange.new(now - (9 * 86_400_000), now + minute) }

  # As the earlier version did: its row of ten minutes has 30 pauses, 25 of them in buckets.
  def old_row
    metrics = HeapPeriscopeUi::Metrics
    core = Array.new(metrics::ALL.size * 3) { nil }
    { "pause_count" => 30, "pause_p50_ms" => 90_000, "pause_p99_ms" => 99_000 }.each { |name, value| core[metrics::INDEX[name] * 3, 3] = [value] * 3 }
    pauses = Array.new(metrics::PAUSE_BOUNDS_MS.size * 2, 0)
    pauses[0] = 25
    at = now - (8 * 86_400_000)
    HeapPeriscopeUi::TenMinuteSample.insert_all!([{ process_id: row.id, at: at - (at % 600_000), reports: 60, core: HeapPeriscopeUi::Packing.dump(core),
                                                    pauses: HeapPeriscopeUi::Packing.dump(pauses) }])
    HeapPeriscopeUi::Meta.insert_all([{ key: "rolled_2", at: now }])
  end

  def write
    HeapPeriscopeUi.store.write(SampleData.snapshot(member, 0, now), received_at: now)
  end

  it "marks such rows as incomplete, on the page and in the API, and does not show percentiles of them" do
    write
    HeapPeriscopeUi::Meta.where(key: "whole_pauses").delete_all
    old_row
    HeapPeriscopeUi.store.reset
    write
    answer = HeapPeriscopeUi::PausesQuery.new(row, range).call
    expect(answer).to include(incomplete_until: HeapPeriscopeUi::TenMinuteSample.first.at)
    series = HeapPeriscopeUi::SeriesQuery.new(row, range, %w[pause_p50_ms pause_count]).call[:series]
    expect(series["pause_p50_ms"].first.last).to be_nil
    expect(series["pause_count"].first.last).to eq(30)
    page = UiApp.get("/processes/#{row.id}?from=#{range.from}&to=#{range.to}").body
    expect(page).to include("Incomplete: pauses from 0.5 ms to 1 s")
  end

  it "doubts nothing in a database that began with this version" do
    write
    expect(described_class.since).to eq(0)
    expect(HeapPeriscopeUi::PausesQuery.new(row, range).call).to include(incomplete_until: nil)
  end
end
