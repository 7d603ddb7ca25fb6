# frozen_string_literal: true

require "spec_helper"
require_relative "../support/demo_shop"
require_relative "../support/system_dashboard"

RSpec.describe "The demo shop under its own dashboard", timeout: 180 do
  before(:context) do
    @shop = DemoShop.new
    wait_for("the shop: #{@shop.log}", seconds: 60) { @shop.open? }
    @shop.switch_on("class_array")
    @shop.attract(%w[/api/orders?limit=20 /leaks/class_array])
  end

  after(:context) { @shop&.close }

  it "shows its memory live: process, classes that grow, actions, places in the code" do
    base = @shop.dashboard
    wait_for("its process on the overview", seconds: 40) { visit("/", base: base) && texts(".proc th a") == [@shop.pid.to_s] }
    shot("demo-overview")
    click(".proc th a")
    wait_for("its page") { text("h1") == "Process #{@shop.pid}" }
    wait_for("some snapshots", seconds: 40) { js("document.querySelector('figure').dataset.points").to_i >= 5 }
    expect(canvas_colors.first).to be > 3
    expect(js("performance.getEntriesByType('navigation').length")).to eq(1)
    count = lambda do |name|
      row = texts("[data-part=classes] tbody tr").find { |text| text.start_with?(name) }
      row.to_s.split("\t").at(2).to_s.delete(" ").to_i
    end
    type("#filter-q", "Visit")
    first = wait_for("the class that leaks", seconds: 40) { count["ClassArrayLeak::Visit"].then { |number| number if number.positive? } }
    wait_for("more of them, without a reload", seconds: 40) { count["ClassArrayLeak::Visit"] > first }
    shot("demo-process")
    visit("/spans", base: base)
    wait_for("its actions", seconds: 40) { texts("tbody th").include?("Api::OrdersController#index") || (visit("/spans", base: base) && false) }
    click_text("tbody th a", "Api::OrdersController#index")
    wait_for("the action's panel") { text(".panel h2") == "Api::OrdersController#index" }
    visit("/status", base: base)
    expect(text("[data-part=collector]")).to include("PID #{@shop.pid}")
  end
end
