# frozen_string_literal: true

require "spec_helper"
require_relative "../support/sample_data"
require_relative "../support/system_dashboard"

# Pages that follow live: what the viewer has found stays the same thing, whatever comes before it.
RSpec.describe "Following" do
  def hear(service, pid)
    member = SampleData.members(1).first
    member.service, member.pid = service, pid
    dashboard.hear(SampleData.snapshot(member, 0, HeapPeriscopeClock.now))
    member
  end

  it "keeps every row the row of the same process when others come before it" do
    process = id_of(41_209)
    visit
    js("(() => { window.marked = [...document.querySelectorAll('.proc')].find((row) => row.id === 'process-#{process}'); window.marked.seen = true; })()")
    hear("aaa comes first", 70_001)
    wait_for("the new service", seconds: 15) { texts(".svc .nm").include?("aaa comes first") }
    expect(js("window.marked.isConnected && window.marked.querySelector('th a').innerText")).to eq("41209")
    expect(js("[...document.querySelectorAll('.proc')].find((row) => row.seen).querySelector('th a').innerText")).to eq("41209")
  end

  it "keeps charts, filters of values and what was opened" do
    process = id_of(41_209)
    visit("/processes/#{process}")
    wait_for_charts(5)
    type("#raw-filter", "major_gc")
    wait_for("one value") { texts(".kv.raw > div:not([hidden]) dt") == ["major_gc_count"] }
    js("(() => { window.canvases = [...document.querySelectorAll('figure canvas')]; document.activeElement.blur(); })()")
    refreshed = js("document.body.dataset.refreshed || 0").to_i
    wait_for("two refreshes", seconds: 40) { js("document.body.dataset.refreshed || 0").to_i > refreshed + 1 }
    expect(js("window.canvases.every((canvas) => canvas.isConnected)")).to be(true)
    expect(texts(".kv.raw > div:not([hidden]) dt")).to eq(["major_gc_count"])
    expect(texts("[data-part=object_space] details[open] summary h2")).to eq(["ObjectSpace"])
  end

  it "puts another chart in the place of one that shows something else" do
    visit("/processes/#{id_of(41_209)}")
    wait_for_charts(5)
    click_text("[aria-label='Measure'] a", "Count")
    wait_for("counts") { js("document.querySelector('#history figure').dataset.chart").include?("by=count") && js("!!document.querySelector('#history canvas')") }
    expect(js("[...document.querySelectorAll('figure[data-chart]')].map((figure) => figure.id)").tally.values.uniq).to eq([1])
  end

  describe "what the server refuses" do
    # As if the session had ended, for everything the page asks from now on.
    def answer_with(status, headers = "{}")
      js("window.fetch = () => Promise.resolve(new Response('no', { status: #{status}, headers: #{headers} }))")
    end

    before do
      visit("/")
      wait_for("live") { text("#live").start_with?("Live") }
    end

    it "is no lost connection where it asks to sign in" do
      answer_with(401)
      wait_for("the word", seconds: 15) { text("#live").start_with?("Signed out") }
      expect(text("#live")).to match(/\ASigned out\s+sign in to go on\s+Load again\z/)
      expect(js("document.querySelector('#live a').href")).to eq(js("location.href"))
    end

    it "is no lost connection where it is not allowed any more" do
      answer_with(403)
      wait_for("the word", seconds: 15) { text("#live").start_with?("Not allowed any more") }
    end

    it "is a sign-in where the host answers with its login page" do
      answer_with(200, "{ 'Content-Type': 'text/html' }")
      wait_for("the word", seconds: 15) { text("#live").start_with?("Signed out") }
    end

    it "is a lost connection where the server fails" do
      answer_with(502)
      wait_for("the word", seconds: 15) { text("#live").start_with?("Connection lost") }
      expect(text("#live")).not_to include("Load again")
    end
  end
end
