# frozen_string_literal: true

require_relative "../../ui_helper"

RSpec.describe HeapPeriscopeUi::Store, "and what it may take" do
  shared_examples "a bounded store" do
    let(:config) { HeapPeriscopeUi.configuration }
    let(:store) { HeapPeriscopeUi.store }
    let(:start) { 1_800_000_000_000 }
    let(:member) { SampleData.members.first }
    let(:mega) { 1 << 20 }

    def used
      HeapPeriscopeUi::Store::Connection.with { |connection| HeapPeriscopeUi::Store::UsedBytes.of(connection) }
    end

    def snapshot(number, payload = {})
      message = SampleData.snapshot(member, number, start + (number * 100))
      message.merge("payload" => message["payload"].merge(payload))
    end

    it "keeps what rows take within the limit, oldest and least used first, and tells so" do
      config.database_limit_bytes = 16 * mega
      housekeeper = HeapPeriscopeUi::Store::Housekeeper.new(store)
      random = Random.new(1) # what cannot be compressed
      most = 0
      8.times do |i|
        classes = Array.new(400) { |j| ["Class#{j}#{"x" * 40}", { "count" => (i * j) + 1, "bytes" => random.rand(1 << 50) }] }.to_h
        whole = snapshot(i * 600).merge("payload" => { "gc_stats" => { "count" => i }, "living_objects_by_class" => classes })
        messages = Array.new(600) { |k| whole.merge("sequence" => (i * 600) + k, "reported_at" => HeapPeriscopeUi::Timestamps.iso(start + (i * 20_000) + (k * 30))) }
        store.write(messages, received_at: start + (i * 20_000))
        refresh_statistics
        at = start + (i * 20_000)
        40.times { |n| housekeeper.step(now_ms: at, clock_ms: at + (n * 5), busy: i.even?) }
        refresh_statistics
        most = [most, used].max
      end
      expect(most).to be < 16 * mega
      expect(HeapPeriscopeUi::Sample.minimum(:at)).to be > start + 20_000
      expect(HeapPeriscopeUi::Sample.maximum(:at)).to eq(start + 140_000 + (599 * 30))
      database = HeapPeriscopeUi::StatusQuery.new.call[:database]
      expect(database).to include(limit_bytes: 16 * mega, trimmed: include(rows: be > 500, bytes: be >= 0, at: be >= start))
      expect(UiApp.get("/status").body).to include("of the oldest and least used went")
    end

    def refresh_statistics
      HeapPeriscopeUi::Store::Connection.with do |connection|
        next if connection.adapter_name.match?(/sqlite/i)

        connection.tables.grep(/\Aheap_periscope_ui_/).each { |table| connection.execute("ANALYZE #{table}") }
        sleep 0.7 # what the server counts, it tells twice a second
      end
    end

    it "bounds layouts, and removes those that no row has any more" do
      stub_const("HeapPeriscopeUi::Store::Layouts::LIMIT", 40)
      stub_const("HeapPeriscopeUi::Store::LayoutSweep::MANY", 40)
      bare = snapshot(0)
      store.write(Array.new(50) { |i| bare.merge("payload" => { "gc_stats" => { "count" => 1, "made_up_#{i}" => i } }) }, received_at: start)
      expect(HeapPeriscopeUi::Layout.count).to eq(40)
      expect(store.notices.to_h).to eq(layouts_over_limit: 10)
      expect(HeapPeriscopeUi::Sample.where(layout_id: nil).count).to eq(10)

      HeapPeriscopeUi::Sample.where("id > 10").delete_all
      kept = HeapPeriscopeUi::Sample.distinct.pluck(:layout_id)
      retention = HeapPeriscopeUi::Store::Retention.new(config, store: store)
      HeapPeriscopeUi::Store::Connection.with { |connection| 60.times { |i| retention.step(connection, start, i) } }
      expect(HeapPeriscopeUi::Layout.ids).to match_array(kept)
    end

    it "bounds sites as it bounds names, and what it keeps of a stack" do
      config.names_limit = 60
      store.reset
      sites = Array.new(200) { |i| SampleData.site("String", "app/x.rb", i, "x", 1).merge("stack" => Array.new(100) { |j| "frame #{j} #{"y" * 500}" }) }
      store.write(snapshot(0, "allocation_sites" => sites), received_at: start)
      expect(HeapPeriscopeUi::Site.count).to be <= 61
      expect(HeapPeriscopeUi::Site.pluck(:stack).compact.map(&:bytesize).max).to be <= 5_000
      expect(store.notices.to_h[:sites_over_limit]).to be >= 139
    end

    it "goes on with the names of a batch when it forgets the others" do
      stub_const("HeapPeriscopeUi::Store::Names::CACHE", 30)
      10.times { |i| store.write(snapshot(i, "living_objects_by_class" => Array.new(25) { |j| ["N#{(i * 10) + j}", { "count" => 1 }] }.to_h), received_at: start) }
      expect(HeapPeriscopeUi::Sample.count).to eq(10)
    end
  end

  context "with SQLite", store: :sqlite do
    it_behaves_like "a bounded store"
  end

  context "with PostgreSQL", store: :postgresql do
    it_behaves_like "a bounded store"
  end

  it "says what the limit takes" do
    expect { HeapPeriscopeUi::Configuration.new.database_limit_bytes = "2 GB" }
      .to raise_error(HeapPeriscopeUi::ConfigurationError, /from 16777216, or nil for no limit, not "2 GB"/)
  end
end

RSpec.describe HeapPeriscopeUi::Collector do
  it "takes as many datagrams at once as fit a batch, and one at least" do
    inbox = described_class::Inbox.new(100)
    inbox.push(Array.new(100) { "x" * 60_000 } << ("y" * 100), 0)
    expect(inbox.take(500, 0).size).to eq(69)
    expect(inbox.take(500, 0).size).to eq(31)
    stub_const("#{described_class}::Inbox::BATCH_BYTES", 10)
    inbox.push(["z" * 100], 0)
    expect(inbox.take(500, 0).size).to eq(1)
  end

  it "bounds the bytes of parts that wait" do
    assembler = described_class::Assembler.new
    400.times do |i|
      assembler.add({ "type" => "snapshot", "instance" => "a", "sequence" => i, "part" => 1, "parts" => 2, "payload" => {}, "_bytes" => 60_000 }, 0)
    end
    assembler.overdue(0)
    expect(assembler.size).to eq(described_class::Assembler::BYTES / 60_000)
  end
end
