# frozen_string_literal: true

require "spec_helper"
require_relative "../support/sample_data"
require_relative "../support/system_dashboard"

RSpec.describe "Overview" do
  it "shows services, hosts and processes with their figures, and what needs a look" do
    visit
    expect(text("h1")).to eq("Overview")
    expect(texts(".svc .nm")).to include("shop-admin", "shop-rake", "shop-sidekiq", "shop-web")
    expect(texts(".tree .hn")).to include("web-1", "web-2", "jobs-1")
    expect(texts(".tree .state").map { |state| state[/\w+/] }.tally).to include("gone" => 1)
    expect(text(".notes")).to match(/LineItem grows by 12 384 ± 900 objects an hour in each of 3 processes of shop-web/)
    expect(texts(".proc td[data-l=RSS]").grep(/\A\d+(\.\d+)?[MG]B\z/).size).to be >= 8
    expect(js("document.querySelectorAll('.proc .spark path').length")).to be > 20
    shot("overview")
  end

  it "filters and chooses a state in place" do
    visit
    type("#filter-q", "sidekiq")
    wait_for("only sidekiq") { texts(".svc .nm") == ["shop-sidekiq"] }
    expect(js("location.search")).to include("q=sidekiq")
    expect(js("document.activeElement.id")).to eq("filter-q")
    type("#filter-q", "nothing like this")
    wait_for("the empty state") { text("[data-part=tree]").include?("No process matches. Show all") }
    click("[data-part=tree] .ghost a")
    wait_for("all again") { texts(".svc .nm").size >= 4 }
    click_text(".seg a", "Gone")
    wait_for("only the gone one") { texts(".proc th a") == ["31804"] }
  end

  it "sorts living processes by their newest figures" do
    living = RunningDashboard.new(2) # those of the shared one are silent half a minute after its start
    visit("/?sort=rss", base: living.url)
    expect(texts("th[aria-sort]")).to eq(["RSS ↓"])
    web = js("[...document.querySelectorAll('tbody')].find((body) => body.innerText.startsWith('shop-web')).innerText")
    expect(web.scan(/^(\d{5})since/).flatten).to eq(%w[41209 41207 41190 22816])
  ensure
    living&.stop
  end

  it "lets a new process appear and its figures change by themselves" do
    visit
    member = SampleData.members(1).first
    member.service = "newcomer"
    dashboard.hear(SampleData.snapshot(member, 0, HeapPeriscopeClock.now))
    wait_for("the new service", seconds: 10) { texts(".svc .nm").include?("newcomer") }
    before = text(".figures")
    member.live *= 3
    dashboard.hear(SampleData.snapshot(member, 10, HeapPeriscopeClock.now))
    wait_for("another sum", seconds: 10) { text(".figures") != before }
    expect(text("#live")).to start_with("Live")
  end

  it "says what to do while nothing has reported, and goes on by itself" do
    empty = RunningDashboard.new(0)
    visit("/", base: empty.url)
    expect(text("h1")).to eq("Nothing has reported yet")
    wait_for("the collector's address", seconds: 15) { text(".checks").include?("127.0.0.1:#{empty.udp_port}") }
    expect(text(".checks")).to include("Store is ready")
    expect(texts("pre").first).to include("bundle add heap_periscope_agent")
    shot("first-run")
    empty.hear(SampleData.snapshot(SampleData.members(1).first, 0, HeapPeriscopeClock.now))
    wait_for("the overview", seconds: 15) { text("h1") == "Overview" }
    expect(texts(".proc th a")).to eq(["10000"])
  ensure
    empty&.stop
  end
end
