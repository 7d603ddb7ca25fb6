# frozen_string_literal: true

require "spec_helper"
require_relative "../support/demo_shop"
require_relative "../support/system_dashboard"

# Each of the demo's ways to leak, as someone would find it: on the page of suspects, while the shop is open.
RSpec.describe "The demo shop's leaks on the page of suspects", timeout: 360 do
  # Switch => the class that must be named, and the line that makes what stays.
  LEAKS = {
    "class_array" => ["ClassArrayLeak::Visit", /VISITS << /], "object_cache" => ["ObjectCacheLeak::PriceQuery", /PriceQuery\.new/],
    "request_closure" => ["Proc", /LATER << /], "subscriber" => ["ActiveSupport::Notifications::Fanout::Subscribers::Timed", /subscribe\(/],
    "thread_local" => ["ThreadLocalLeak::Breadcrumb", /Breadcrumb\.new/], "interned" => ["Symbol", /NAMES\[/]
  }.freeze
  # An interval of a second stands for one of ten: it gets the censuses and samples that one would get.
  HASTE = { "HEAP_PERISCOPE_CENSUS_BUDGET" => "0.1", "HEAP_PERISCOPE_ALLOCATION_BUDGET" => "0.1" }.freeze

  before(:context) do
    @shop = DemoShop.new(HASTE)
    wait_for("the shop: #{@shop.log}", seconds: 60) { @shop.open? }
    LEAKS.each_key { |leak| @shop.switch_on(leak) }
    @shop.attract(%w[/api/orders?limit=50 /api/export].product(LEAKS.keys.map { |leak| "/leaks/#{leak}" }).flatten, pause: 0.02)
  end

  after(:context) { @shop&.close }

  # @return [String] like "app/leaks/class_array_leak.rb:14"
  def site_of(leak, source)
    path = "app/leaks/#{leak}_leak.rb"
    "#{path}:#{File.readlines(File.join(DemoShop::ROOT, path)).index { |line| line.match?(source) } + 1}"
  end

  # @return [Hash{String=>String}] what is said of each suspect, by its class
  def suspects
    visit("/leaks?confidence=medium", base: @shop.dashboard)
    js("document.querySelectorAll('details.evidence').forEach((details) => { details.open = true; })")
    texts(".say b:first-child").zip(texts(".suspect")).to_h
  end

  it "names the class of each, and the line that makes what stays" do
    expected = LEAKS.to_h { |leak, (name, source)| [name, site_of(leak, source)] }
    found = {}
    wait_for("all of #{expected.keys.join(", ")}", seconds: 300) do
      found = suspects
      expected.all? { |name, site| found[name].to_s.include?(site) } || (sleep(1) && false)
    end
    expect(found.slice(*expected.keys).values).to all(match(/(medium|high) confidence/))
    shot("demo-leaks")
  end
end
