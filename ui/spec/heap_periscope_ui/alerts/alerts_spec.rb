# frozen_string_literal: true

require_relative "../../ui_helper"
require_relative "../../support/webhook_receiver"

RSpec.describe "Alerts", :store do
  SECRET = "a secret of some length"

  let(:config) { HeapPeriscopeUi.configuration }
  let(:now) { HeapPeriscopeUi::Timestamps.now }
  let(:hour) { 3_600_000 }
  let(:members) { SampleData.members }
  let(:told) { [] }

  around { |example| WebhookReceiver.run { |receiver| (@receiver = receiver) && example.run } }
  before { collects }

  attr_reader :receiver

  # A collector that wrote its row just then.
  def collects(at = now, identity: "one", host: "web-1", **counters)
    HeapPeriscopeUi::Store::Connection.ready!
    row = { identity: identity, host: host, pid: 4_711, state: "collecting", started_at: at, seen_at: at, counters: JSON.generate(counters) }
    HeapPeriscopeUi::CollectorRecord.upsert_all([row], unique_by: :identity)
  end

  # @param list [Array<SampleData::Member>] processes of a service that leak, reporting at a time
  def report(list = members.first(2), at = now)
    HeapPeriscopeUi.store.write(list.map { |member| SampleData.snapshot(member, 1_800, at) }, received_at: at)
  end

  def watch
    HeapPeriscopeUi::Alerts::Watch.new(config)
  end

  def look(at = now, one = watch, collecting: true)
    collects(at) if collecting
    HeapPeriscopeUi::Meta.where(key: "alerts").update_all(at: 0) # it is this one's turn
    one.look(at)
  end

  describe "a webhook" do
    before { config.on_alert = { url: receiver.url, secret: SECRET } }

    it "gets one signed POST for a leak of high confidence, however many processes of the service have it" do
      report
      expect(look).to eq(1)
      request = receiver.requests.fetch(0)
      expect(request.line).to eq("POST /alerts?team=web HTTP/1.1")
      expect(request.headers).to include("content-type" => "application/json", "user-agent" => "heap_periscope_ui/#{HeapPeriscopeUi::VERSION}")
      timestamp = request.headers["x-heap-periscope-timestamp"]
      expect(timestamp.to_i).to be_within(60).of(Time.now.to_i)
      mac = OpenSSL::HMAC.hexdigest("SHA256", SECRET, "#{timestamp}.#{request.body}")
      expect(request.headers["x-heap-periscope-signature"]).to eq("sha256=#{mac}")
      expect(request.alert).to include(
        "id" => match(/\A\h{8}-/), "kind" => "leak_suspect", "cause" => "leak_suspect/shop-web/LineItem", "service_name" => "shop-web", "at" => HeapPeriscopeUi::Timestamps.iso(now),
        "summary" => "LineItem grows by 12384 objects an hour in 2 of 2 processes of shop-web; most survivors come from app/models/cart.rb:41"
      )
      expect(request.alert["details"]).to include("class_name" => "LineItem", "objects_per_hour" => 12_384.0, "processes" => [include("host" => "web-1")] * 2)
    end

    it "is told once a cause and hour, by whichever process looks, and again while it lasts" do
      report
      expect([look, look(now + 20_000), look(now + hour - 1_000)]).to eq([1, 0, 0])
      report(members.first(2), now + hour)
      expect(look(now + hour)).to eq(1)
      config.alert_every = 24 * 3_600
      report(members.first(2), now + (2 * hour))
      expect(look(now + (2 * hour))).to eq(0)
    end

    it "is told once where several processes look at the same moment" do
      report
      HeapPeriscopeUi::Meta.insert_all([{ key: "alerts", value: nil, at: 0 }])
      looks = Array.new(6) { watch }.map { |one| Thread.new { look(now, one) } }.map(&:value)
      expect([looks.sum, receiver.requests.size]).to eq([1, 1])
    end

    it "takes turns: one process looks, the others need not" do
      report
      one, other = watch, watch
      expect([one.look(now), other.look(now + 5_000)]).to eq([1, 0])
      expect(HeapPeriscopeUi::SuspectsQuery).not_to receive(:new)
      other.look(now + 10_000)
    end

    it "is tried again where it refused or was not there, and not where it may have got it" do
      report
      receiver.answer = 500
      expect([look, look(now + 20_000), receiver.requests.size]).to eq([0, 0, 1])
      receiver.answer = 200
      expect([look(now + 301_000), receiver.requests.size]).to eq([1, 2])
    end

    it "holds nothing up where it never answers" do
      stub_const("HeapPeriscopeUi::Alerts::Webhook::TIMEOUT_S", 0.3)
      receiver.answer = nil
      report
      expect([look, look(now + 301_000), receiver.requests.size]).to eq([1, 0, 1])
    end

    it "is not told more than a hundred times an hour, whatever is invented" do
      invented = Array.new(130) { |i| members.first.dup.tap { |member| [member.service = "invented-#{i}", member.instance = "invented #{i}"] } }
      report(invented)
      expect(look + look(now + 20_000)).to eq(100)
      expect(receiver.requests.size).to eq(100)
    end
  end

  it "calls code of the application, and goes on to the next where it raises" do
    config.on_alert = [->(_alert) { raise "no mail today" }, ->(alert) { told << alert }, { url: receiver.url, secret: SECRET }]
    report
    expect(look).to eq(3)
    expect(told).to match([include(kind: "leak_suspect", summary: start_with("LineItem grows by"))])
    expect(receiver.alerts.map { |alert| alert["id"] }).to eq([told[0][:id]])
  end

  it "tells of no leak that is not certain, and of none that has ended" do
    config.on_alert = ->(alert) { told << alert }
    report
    HeapPeriscopeUi::LeakSuspect.update_all(confidence: "medium")
    look
    HeapPeriscopeUi::LeakSuspect.update_all(confidence: "high", ended_at: now)
    look(now + 20_000)
    expect(told).to eq([])
  end

  it "tells of processes near their memory limit, by service" do
    config.on_alert = ->(alert) { told << alert }
    big, small = members.values_at(4, 2)
    report([big, small])
    rss = HeapPeriscopeUi::ObservedProcess.find_by!(instance: big.instance).metrics["rss_bytes"]
    config.memory_limit = { "shop-sidekiq" => (rss / 0.89).to_i }
    look
    expect(told).to eq([])
    config.memory_limit = { "shop-sidekiq" => (rss / 0.91).to_i, default: 100 * (1024**3) }
    look(now + 20_000)
    expect(told).to match([include(kind: "memory", service_name: "shop-sidekiq", process_id: 9_118, host: "jobs-1",
                                   summary: match(/\Ashop-sidekiq 9118 on jobs-1 holds 7\d\d MB, 91 % of its limit of \d+ MB\z/))])
    config.memory_limit = 1024**2
    report([big, small], now + 40_000)
    look(now + 40_000)
    expect(told.map { |alert| alert[:process_id] }).to eq([9_118, 41_190])
  end

  describe "of the collector" do
    before { config.on_alert = ->(alert) { told << alert } }

    it "tell that nobody collects, not before a minute" do
      one = watch
      look(now + 59_000, one, collecting: false)
      expect(told).to eq([])
      look(now + 61_000, one, collecting: false)
      expect(told).to match([include(cause: "collector/none", summary: "Nobody collects: what processes report is lost (the last collector was 4711 on web-1)")])
    end

    it "tell it also where none ever did, once one should have" do
      HeapPeriscopeUi::CollectorRecord.delete_all
      one = watch
      look(now, one, collecting: false)
      look(now + 61_000, one, collecting: false)
      expect(told.map { |alert| alert[:summary] }).to eq(["Nobody collects: what processes report is lost"])
    end

    it "tell of what is lost on its side, since the look before" do
      collects(now, failed: 5, kernel_dropped: 7)
      look(collecting: false)
      expect(told).to eq([])
      collects(now, failed: 5, kernel_dropped: 19)
      look(now + 20_000, collecting: false)
      expect(told).to match([include(cause: "collector/kernel_dropped/web-1", summary: "The collector 4711 on web-1 has lost 12 datagrams that the collector read too late",
                                     details: { counter: "kernel_dropped", lost: 12 })])
    end

    it "tell that the database is gone, from the process that holds the port" do
      one = watch
      look(now, one)
      HeapPeriscopeUi::ApplicationRecord.connection.execute("DROP TABLE heap_periscope_ui_meta")
      5.times { |i| one.look(now + (i * 15_000)) }
      expect(told).to eq([])
      config.udp_port = 0
      runner = instance_double(HeapPeriscopeUi::Collector::Runner, sockets: HeapPeriscopeUi::Collector::Sockets.new(config))
      allow(HeapPeriscopeUi::Collector).to receive(:runner).and_return(runner)
      5.times { |i| one.look(now + (i * 15_000)) }
      expect(told).to match([include(kind: "collector", summary: match(/\AThe database of the dashboard has not answered .+ for over a minute/))])
    ensure
      runner&.sockets&.close
    end
  end

  describe "their thread" do
    before { stub_const("HeapPeriscopeUi::Alerts::Watch::EVERY_S", 0.05) }

    it "begins and ends with collecting, where somebody wants to be told" do
      config.udp_port = 0
      HeapPeriscopeUi::Collector.start
      expect(Thread.list.map(&:name)).not_to include("heap_periscope_ui alerts")
      HeapPeriscopeUi::Collector.stop
      config.on_alert = ->(alert) { told << alert }
      report
      HeapPeriscopeUi::Collector.start
      limit = HeapPeriscopeUi::Timestamps.clock + 20
      sleep 0.02 until told.any? || HeapPeriscopeUi::Timestamps.clock > limit
      expect(told.map { |alert| alert[:kind] }).to eq(["leak_suspect"])
      HeapPeriscopeUi::Collector.stop
      expect(Thread.list.map(&:name)).not_to include("heap_periscope_ui alerts")
    end

    it "does not hold up the end of the process while a receiver does not answer" do
      receiver.answer = nil
      config.on_alert = { url: receiver.url, secret: SECRET }
      report
      one = watch.start
      sleep 0.02 until receiver.requests.any?
      began = HeapPeriscopeUi::Timestamps.clock
      one.stop
      expect(HeapPeriscopeUi::Timestamps.clock - began).to be < 2
    end
  end

  it "are not switched on by what cannot be meant" do
    ["nonsense", { url: receiver.url }, { url: receiver.url, secret: "short" }, { url: "ftp://x", secret: SECRET }, { url: "https://", secret: SECRET }, 5, [nil]].each do |value|
      expect { config.on_alert = value }.to raise_error(HeapPeriscopeUi::ConfigurationError, /\Aon_alert /)
    end
    [59, "3600", nil].each { |value| expect { config.alert_every = value }.to raise_error(HeapPeriscopeUi::ConfigurationError, /\Aalert_every must be/) }
    ["1 GB", 5, { "web" => nil }].each { |value| expect { config.memory_limit = value }.to raise_error(HeapPeriscopeUi::ConfigurationError, /\Amemory_limit must be/) }
    expect(config.on_alert.inspect).not_to include(SECRET)
  end

  it "come from the environment for the program of its own" do
    env = { "HEAP_PERISCOPE_UI_ALERT_URL" => receiver.url, "HEAP_PERISCOPE_UI_ALERT_SECRET" => SECRET, "HEAP_PERISCOPE_UI_MEMORY_LIMIT" => "2147483648" }
    read = HeapPeriscopeUi::Configuration.new(env)
    expect([read.on_alert.size, read.memory_limit]).to eq([1, 2_147_483_648])
    expect { HeapPeriscopeUi::Configuration.new(env.merge("HEAP_PERISCOPE_UI_MEMORY_LIMIT" => "2 GB")) }.to raise_error(HeapPeriscopeUi::ConfigurationError)
  end
end
