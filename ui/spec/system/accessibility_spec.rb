# frozen_string_literal: true

require "spec_helper"
require_relative "../support/sample_data"
require_relative "../support/system_dashboard"

RSpec.describe "Accessibility", timeout: 300 do
  AXE = File.read(File.expand_path("../../node_modules/axe-core/axe.min.js", __dir__))
  # Everything that axe knows, best practices included, but what is still experimental.
  RUN = <<~SCRIPT
    axe.run(document, { resultTypes: ["violations"] }).then((results) => arguments[0](results.violations.map((found) => ({
      id: found.id, impact: found.impact, nodes: found.nodes.map((node) => `${node.target.join(" ")} — ${node.failureSummary.split("\\n").slice(1, 3).join(" ").trim()}`),
    }))))
  SCRIPT

  let(:process) { id_of(41_209) }
  let(:service) { visit && js("document.querySelector('.svc a').getAttribute('href')")[%r{/services/\d+\z}] }
  let(:pages) do
    ["/", "/?q=nothing+like+this", "/processes/#{process}", "/processes/#{process}?class=LineItem&form=bar", service, "/spans?process=#{process}",
     "/spans?process=#{process}&name=CartsController%23add", "/leaks", "/retained_sites?process=#{process}", "/allocation_sites?process=#{process}",
     "/compare?process=#{process}", "/compare?process=#{process}&with=#{id_of(9_118)}", "/status", "/processes/#{process}?range=3y"]
  end

  # @return [Array<Hash>] what axe finds on the page that is shown
  def violations
    js("(() => { #{AXE} })()")
    browser.evaluate_async(RUN, 60)
  end

  def serious(path, base: dashboard.url)
    visit(path, base: base)
    wait_for("the charts") { js("[...document.querySelectorAll('figure[data-chart]')].every((figure) => figure.dataset.points !== undefined || figure.closest('details:not([open])'))") }
    violations.select { |found| %w[serious critical].include?(found["impact"]) }.map { |found| "#{path}: #{found["id"]}\n  #{found["nodes"].first(4).join("\n  ")}" }
  end

  %w[light dark].each do |theme|
    it "has no serious finding of axe on any page, #{theme}" do
      WatchedBrowser.theme(browser, theme)
      expect(pages.flat_map { |path| serious(path) }.join("\n")).to eq("")
      width(390)
      expect(pages.first(8).flat_map { |path| serious(path) }.join("\n")).to eq("")
    ensure
      browser.page.command("Emulation.setEmulatedMedia", features: [])
    end
  end

  it "has none on the first page of an empty dashboard" do
    empty = RunningDashboard.new(0)
    expect(%w[/ /status /compare /spans /leaks].flat_map { |path| serious(path, base: empty.url) }.join("\n")).to eq("")
  ensure
    empty&.stop
  end

  it "says what the arrow keys read on a chart" do
    visit("/processes/#{process}")
    wait_for_charts(5)
    plot = "document.querySelector('figure .plot')"
    expect(js("[#{plot}.getAttribute('role'), document.getElementById(#{plot}.getAttribute('aria-describedby')).textContent]"))
      .to match(["application", start_with("Left and right arrow keys read the values")])
    browser.at_css("figure .plot").focus
    browser.keyboard.type(:left)
    said = wait_for("what is said") { text("#announcer")[/.+/] }
    expect(said).to match(/\A\d\d:\d\d:\d\d, live 1\.\d+ M, free \d+ k, total 2\.28 M\z/)
    expect(js("document.getElementById('announcer').getAttribute('aria-live')")).to eq("polite")
    browser.keyboard.type(:left)
    wait_for("the value before") { text("#announcer")[/.+/].then { |text| text && text != said } }
  end

  describe "the moments of a comparison" do
    # @return [Array<Integer, String>] least, now, most, in words
    def values
      handle = "document.querySelector('.ab-mark span')"
      js("['aria-valuemin', 'aria-valuenow', 'aria-valuemax', 'aria-valuetext'].map((name) => #{handle}.getAttribute(name))").then { |list| [*list.first(3).map(&:to_i), list[3]] }
    end

    def place
      js("(() => { const box = document.querySelector('.ab-mark span').getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; })()")
    end

    before do
      visit("/compare?process=#{process}")
      wait_for("the marks") { texts(".ab-mark span") == %w[A B] }
    end

    it "are sliders with values" do
      least, now, most, words = values
      expect([least, now, most]).to eq([least, now, most].sort)
      expect(now).to be_within(1).of(js("document.querySelector('input[name=from]').value").to_i / 1000)
      expect(words).to match(/\A\d\d:\d\d:\d\d, \w{3}/)
    end

    it "tell their value while they are dragged, and go back where the system takes the pointer away" do
      before = values
      x, y = place
      address = js("location.href")
      browser.mouse.move(x: x, y: y)
      browser.mouse.down
      browser.mouse.move(x: x + 60, y: y)
      expect(values[1]).to be > before[1]
      js("document.querySelector('.ab-mark span').dispatchEvent(new PointerEvent('pointercancel', { bubbles: true }))")
      browser.mouse.move(x: x + 90, y: y)
      browser.mouse.up
      expect(values).to eq(before)
      expect(place[0]).to be_within(1).of(x)
      expect(js("location.href")).to eq(address)
    end
  end
end
