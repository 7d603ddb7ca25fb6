# frozen_string_literal: true

require_relative "../ui_helper"

RSpec.describe "The dashboard's options" do
  subject(:config) { HeapPeriscopeUi::Configuration.new({}) }

  REFUSED = {
    udp_host: [nil, 5, "", "a host", :localhost, ["127.0.0.1"]], udp_port: [nil, -1, 65_536, 9_000.5, "0x10", "9_0", "", :auto],
    udp_ipv6: [nil, "false", 0], collect: [nil, "auto", "true"], collect_in: [nil, "thread", :fork],
    database: ["", {}, 5, :other], connects_to: ["memory", {}, { writing: :memory }, []],
    time_window: [nil, 0, -5, "60", Float::NAN, Float::INFINITY, 86_401], receive_buffer_bytes: [nil, 0, 100, "8 MB", 8.5, 1 << 40],
    queue_limit: [nil, 0, -1, "50", 1.5, 1 << 40], names_limit: [nil, 0, "many", 2.5],
    retention: [nil, 5, {}.merge(raw: "a day"), { raw: 59 }, { raw: nil }, { raw: Float::INFINITY }, { hours: 100 }, { "raw" => 3_600 }],
    access: [true, "yes", 5, {}], http_basic: ["admin", {}, { name: "a" }, { name: "a", password: "" }, { name: "a", password: 5 }, { name: "a", password: "b", realm: "c" }],
    base_controller_class: [Object, :AdminController, "admin_controller", "", "Admin Controller", "eval(1)"],
    secrets: [nil, "a secret of some length", { "a" => "short" }, { "a b" => "x" * 16 }, { "a" => 5 }]
  }.freeze

  TAKEN = {
    udp_host: ["0.0.0.0", "::1", "fe80::1%eth0", "collector.example", "localhost"], udp_port: [0, 9_000, "9001", 65_535], udp_ipv6: [true, false],
    database: [nil, "x.sqlite3", Pathname("x.sqlite3"), "postgresql://h/d", { adapter: "sqlite3", database: "x" }, :host],
    connects_to: [nil, { database: { writing: :memory } }, { shards: { one: { writing: :memory } } }], time_window: [1, 60, 90.5, 5.minutes],
    receive_buffer_bytes: [4_096, 8.megabytes], queue_limit: [1, 50_000], names_limit: [1, 200_000],
    retention: [{ raw: 24.hours }, { raw: 60, minute: 3_600.5, ten_minutes: 90.days }, {}], access: [nil, ->(_) { true }, method(:puts)],
    http_basic: [nil, { name: "a", password: "b" }, { password: "b", name: "a" }], base_controller_class: [nil, "AdminController", "::Admin::BaseController"]
  }.freeze

  REFUSED.each do |name, values|
    it "refuse what cannot be meant, with the name and what is allowed: #{name}" do
      values.each do |value|
        expect { config.public_send("#{name}=", value) }.to raise_error(HeapPeriscopeUi::ConfigurationError, /\A#{name} (must be|takes) \S/), value.inspect
      end
    end
  end

  it "take everything that can" do
    TAKEN.each { |name, values| values.each { |value| expect { config.public_send("#{name}=", value) }.not_to raise_error } }
    expect([config.udp_port, config.database]).to eq([65_535, :host])
  end

  it "say when there is no such option" do
    expect { config.udp_prot = 9_000 }.to raise_error(HeapPeriscopeUi::ConfigurationError, /\Athere is no option udp_prot; there are .*udp_port/)
    expect { config.nothing }.to raise_error(NoMethodError)
    expect(config.respond_to?(:udp_prot=)).to be(false)
  end

  it "do not repeat a password in the message" do
    expect { config.http_basic = { name: "a", password: "hunter2", realm: "c" } }.to(raise_error { |error| expect(error.message).not_to include("hunter2") })
  end

  it "come from the environment, where an empty variable counts as absent" do
    empty = %w[UDP_HOST UDP_PORT DATABASE SECRET ALERT_URL MEMORY_LIMIT].to_h { |name| ["HEAP_PERISCOPE_UI_#{name}", ""] }
    read = HeapPeriscopeUi::Configuration.new(empty)
    expect([read.udp_host, read.udp_port, read.database, read.secrets, read.on_alert, read.memory_limit]).to eq(["127.0.0.1", 9_000, nil, {}, [], nil])
  end
end
