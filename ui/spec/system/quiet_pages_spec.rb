# frozen_string_literal: true

require "spec_helper"
require_relative "../support/sample_data"
require_relative "../support/system_dashboard"

# What an open page asks for.
RSpec.describe "A page that is open" do
  # @return [Array<String>] addresses asked for in that time
  def asked(seconds)
    js("performance.clearResourceTimings()")
    sleep seconds
    js("performance.getEntriesByType('resource').map((entry) => entry.name)")
  end

  it "asks rarely while nothing is new, also while processes report of other things" do
    visit("/leaks")
    wait_for("the page to follow") { js("document.documentElement.classList.contains('with-script')") }
    member = SampleData.members(1).first
    reports = Thread.new { 15.times { |i| dashboard.hear(SampleData.snapshot(member, i, HeapPeriscopeClock.now).tap { |one| one["payload"].delete("leak_suspects") }) and sleep(1) } }
    expect(asked(15).size).to be <= 8
    reports.join
  end

  it "shows many processes in pages" do
    members = SampleData.members(260)
    members.each_with_index { |member, i| member.service = "crowd-#{i % 2}" }
    crowd = RunningDashboard.new(0)
    members.each_slice(20) { |some| crowd.hear(*some.map { |member| SampleData.snapshot(member, 0, HeapPeriscopeClock.now) }) and sleep(0.05) }
    visit("/?sort=name", base: crowd.url)
    wait_for("all of them", seconds: 60) { visit("/?sort=name", base: crowd.url) && text("main").include?("260 processes") }
    expect(texts(".proc th a").size).to eq(100)
    first = texts(".proc th a")
    shot("crowd")
    width(390)
    shot("crowd-390")
    expect(js("document.documentElement.scrollWidth")).to eq(390)
    width(1440)
    click_text("nav.after a", "Next page")
    wait_for("the second page") { text("nav.after").include?("Page 2 of 3") }
    expect(texts(".proc th a") & first).to eq([])
    js("document.documentElement.dataset.theme = 'dark'")
    shot("crowd-dark")
  ensure
    crowd&.stop
  end
end
