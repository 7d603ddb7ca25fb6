# frozen_string_literal: true

require_relative "../ui_helper"

# However much an agent sends, a page and an answer stay within bounds.
RSpec.describe "Bounds of tables", :store, timeout: 240 do
  let(:now) { HeapPeriscopeUi::Timestamps.now }
  let(:member) { SampleData.members.first }
  let(:id) { HeapPeriscopeUi::ObservedProcess.first.id }

  # A snapshot in parts, as the collector puts it together.
  def whole(parts, at = now)
    assembler = HeapPeriscopeUi::Collector::Assembler.new
    snapshot = SampleData.snapshot(member, 0, at)
    parts.each_with_index.filter_map do |payload, i|
      message = snapshot.merge("type" => i.zero? ? "snapshot" : "snapshot_part", "part" => i + 1, "parts" => parts.size, "_bytes" => 60_000,
                               "payload" => i.zero? ? snapshot["payload"].merge(payload) : payload)
      assembler.add(message, at)
    end.fetch(0)
  end

  def classes(part, count)
    { "living_objects_by_class" => (0...count).to_h { |i| ["Part#{part}::Class#{i}", { "count" => 1 + i, "bytes" => (part * 100) + i, "is_platform_class" => false }] } }
  end

  def seconds
    began = Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID)
    yield
    Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID) - began
  end

  it "keeps the largest 10 000 classes of a report in 256 parts of 1 500, in time that grows with their number only" do
    parts = Array.new(256) { |part| classes(part, 1_500) }
    message = nil
    expect(seconds { message = whole(parts) }).to be < 5
    list = message["payload"]["living_objects_by_class"]
    largest = Array.new(256) { |part| Array.new(1_500) { |i| (part * 100) + i } }.flatten.max(10_000)
    expect([list.size, list.each_value.sum { |entry| entry["bytes"] }]).to eq([10_000, largest.sum])
  end

  it "shows and answers no more rows than a limit, and says how many there are" do
    stub_const("HeapPeriscopeUi::ProcessPage::CLASSES_MOST", 200)
    stub_const("HeapPeriscopeUi::ComparePage::MOST", 200)
    message = SampleData.snapshot(member, 0, now)
    HeapPeriscopeUi.store.write(message.merge("payload" => message["payload"].merge(classes(0, 1_500))), received_at: now)

    answer = JSON.parse(UiApp.get("/api/v1/processes/#{id}/classes").body)
    expect([answer["total"], answer["classes"].size]).to eq([1_500, 1_000])
    expect(JSON.parse(UiApp.get("/api/v1/processes/#{id}/classes?limit=5000").body)["classes"].size).to eq(1_500)
    page = UiApp.get("/processes/#{id}?all=true").body
    expect(page.scan('<tr id="class-').size).to eq(200)
    expect(page).to include("200 of 1\u202F500 classes")
    expect(UiApp.get("/compare?process=#{id}&all=true").body.scan('<tr id="class-').size).to eq(200)
    expect(JSON.parse(UiApp.get("/api/v1/processes/#{id}/compare?from=#{now - 1_000}&to=#{now}").body)).to include("total" => 1_500, "classes" => have_attributes(size: 1_000))
  end

  it "bounds the lists of a report in parts" do
    spans = Array.new(3) { |part| { "living_objects_by_spans" => { "controller" => Array.new(4_000) { |i| { "name" => "C#{part}#a#{i}", "calls" => 1 } } } } }
    payload = whole(spans)["payload"]
    expect(payload["living_objects_by_spans"]["controller"].size).to eq(10_000)
  end

  it "bounds the list of spans" do
    stub_const("HeapPeriscopeUi::SpansPage::MOST", 200)
    message = SampleData.snapshot(member, 0, now)
    message["payload"]["living_objects_by_spans"] = { "controller" => Array.new(1_200) { |i| { "name" => "C#a#{i}", "calls" => 1 } } }
    HeapPeriscopeUi.store.write(message, received_at: now)
    expect(JSON.parse(UiApp.get("/api/v1/spans?process=#{id}").body)).to include("total" => 1_200, "spans" => have_attributes(size: 1_000))
    expect(UiApp.get("/spans?process=#{id}&all=true").body.scan('<tr id="span-').size).to eq(200)
  end

  it "bounds the list of processes" do
    HeapPeriscopeUi.store.write(SampleData.members(30).map { |one| SampleData.snapshot(one, 0, now) }, received_at: now)
    stub_const("HeapPeriscopeUi::Api::V1::BaseController::ROWS", 20)
    answer = JSON.parse(UiApp.get("/api/v1/processes").body)
    expect([answer["total"], answer["processes"].size]).to eq([30, 20])
  end
end
