# frozen_string_literal: true

require "spec_helper"
require_relative "../support/sample_data"
require_relative "../support/system_dashboard"

RSpec.describe "Page of a process" do
  # A process of its own for what changes.
  def newcomer(pid)
    member = SampleData.members(1).first
    member.pid = pid
    member.service = "process-spec"
    3.times { |i| dashboard.hear(SampleData.snapshot(member, i * 10, HeapPeriscopeClock.now - ((3 - i) * 10_000))) }
    id = wait_for("process #{pid}") do
      visit
      js("[...document.querySelectorAll('.proc th a')].find((link) => link.innerText === '#{pid}')?.getAttribute('href')")
    end
    [member, id[%r{\d+\z}].to_i]
  end

  it "draws every chart, with the newest values as legends, and shows every table" do
    visit("/processes/#{id_of(41_209)}")
    wait_for_charts(5)
    expect(canvas_colors).to all(be > 3)
    titles = texts("figure h2, figure h3").map { |title| title[/\A[\w ]+?(?= ?(a minute|each|size|$))/] }
    expect(titles).to eq(["Heap slots", "GC pauses", "Process memory", "Allocation and GC share", "Largest classes"])
    expect(text("figure .legend")).to match(/live\s+\d\.\d\d M\s+free\s+\d+ k\s+total\s+2\.28 M/)
    expect(texts(".figures dt")).to eq(["RSS", "PSS", "Live slots", "Allocated", "GC share of time", "Pause p99", "Collections"])
    expect(texts("[data-part=pools] tbody th")).to eq(%w[40B 80B 160B 320B 640B])
    expect(texts("[data-part=gc_stat] dt")).to include("heap_live_slots", "major_gc_count")
    expect(texts("[data-part=object_space] dt").size).to eq(8)
    expect(text("[data-part=cost]")).to match(/share of a core\s+0\.3%/)
    shot("process")
  end

  it "filters classes and the tables of values, and shows growth since a chosen time" do
    visit("/processes/#{id_of(41_209)}")
    type("#filter-q", "line")
    wait_for("one class") { texts("[data-part=classes] tbody th").map { |name| name[/\A\w+/] } == ["LineItem"] }
    in_range = text("[data-part=classes] td[data-l=Growth]")
    expect(in_range).to match(/\A\+\d \d{3}\z/)
    js(<<~SCRIPT)
      (() => {
        const select = document.querySelector("select[name=since]");
        select.value = "-900000";
        select.dispatchEvent(new Event("change", { bubbles: true }));
      })()
    SCRIPT
    wait_for("another growth") { text("[data-part=classes] td[data-l=Growth]") != in_range }
    visit("/processes/#{id_of(41_209)}?kind=application")
    expect(texts("[data-part=classes] tbody td:nth-child(2)").uniq).to eq(["application"])
    type("#raw-filter", "major_gc")
    wait_for("one value") { texts(".kv.raw > div:not([hidden]) dt") == ["major_gc_count"] }
  end

  it "follows the history of the largest classes and of one class, as lines and bars" do
    id = id_of(41_209)
    visit("/processes/#{id}")
    wait_for_charts(5)
    click_text("[aria-label='How many classes'] a", "10")
    wait_for("ten series") { texts("#history .legend li").size == 10 }
    click_text("[aria-label='Chart form'] a", "Bars")
    wait_for("bars") { js("document.querySelector('#history figure').dataset.chart").include?('"form":"bar"') }
    wait_for("their picture") { js("!!document.querySelector('#history canvas')") }
    expect(canvas_colors.last).to be > 6
    click_text("[data-part=classes] tbody th a", "LineItem")
    wait_for("its own history") { text("#history h3").start_with?("LineItem") && texts("#history .legend li").size == 1 }
    expect(js("location.hash")).to eq("#history")
    click_text("#history a", "Largest classes")
    wait_for("all again") { texts("#history .legend li").size == 10 }
  end

  it "follows live in place, stands still while paused, and catches up" do
    member, id = newcomer(77_001)
    visit("/processes/#{id}")
    wait_for_charts(4)
    points = js("document.querySelector('figure').dataset.points").to_i
    js("!!(window.marked = document.querySelector('.figures'))")
    member.live *= 2
    dashboard.hear(SampleData.snapshot(member, 30, HeapPeriscopeClock.now))
    wait_for("the doubled figure", seconds: 10) do
      text(".figures").include?("1.84M") || text(".figures")[/Live slots\s+(\S+)/, 1].to_f > 1.8
    end
    expect(js("window.marked === document.querySelector('.figures')")).to be(true)
    wait_for("a new point") { js("document.querySelector('figure').dataset.points").to_i > points }
    wait_for("its line in the log") { texts(".log .m").first.start_with?("sequence 4") }

    click("#pause")
    expect(text("#live")).to eq("Paused")
    events = texts(".log .m")
    dashboard.hear(SampleData.gc_report(member, HeapPeriscopeClock.now))
    sleep 2.5
    expect(texts(".log .m")).to eq(events)
    click("#pause")
    wait_for("the missed event") { texts(".log .k").first.include?("GC") }
  end

  it "says so when the connection is lost, keeps what it shows and comes back" do
    _, id = newcomer(77_002)
    visit("/processes/#{id}")
    wait_for_charts(4)
    browser.page.command("Network.emulateNetworkConditions", offline: true, latency: 0, downloadThroughput: -1, uploadThroughput: -1)
    wait_for("the word") { text("#live").include?("Connection lost") }
    expect(text("#live")).to match(/trying again every \d+ s/)
    expect(text(".figures")).to include("Live slots")
    browser.page.command("Network.emulateNetworkConditions", offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1)
    wait_for("the connection", seconds: 60) { text("#live").start_with?("Live") }
  end

  it "moves the crosshair of all charts by keyboard" do
    visit("/processes/#{id_of(41_209)}")
    wait_for_charts(5)
    browser.at_css("figure .plot").focus
    3.times { browser.keyboard.down(:left) && browser.keyboard.up(:left) }
    wait_for("flags on every chart of the page") { texts(".flag:not([hidden])").size == 5 }
    expect(text(".legend .at")).to match(/\A\d\d:\d\d:\d\d\z/)
    browser.keyboard.type(:escape)
    wait_for("no flag") { texts(".flag:not([hidden])").empty? }
  end

  it "shows times in the viewer's zone" do
    browser.page.command("Emulation.setTimezoneOverride", timezoneId: "Asia/Tokyo")
    visit("/processes/#{id_of(41_209)}")
    expect(text("#zone")).to eq("Times in your zone, UTC+9")
    shown, sent = js("(() => { const time = document.querySelector('.when time:last-child'); return [time.innerText, time.dateTime]; })()")
    expect(shown[0, 8]).to eq((Time.parse(sent).utc + (9 * 3_600)).strftime("%H:%M:%S"))
  ensure
    browser.page.command("Emulation.setTimezoneOverride", timezoneId: "")
  end

  it "prints as a report: without controls, in light colours, with its charts" do
    browser.cookies.set(name: "heap_periscope_theme", value: "dark", domain: "127.0.0.1", path: "/heap_periscope/")
    visit("/processes/#{id_of(41_209)}")
    wait_for_charts(5)
    pdf = File.join(SystemDashboard::SHOTS, "process.pdf")
    browser.pdf(path: pdf, format: :A4, preferCSSPageSize: true, printBackground: true)
    expect(File.binread(pdf).scan(%r{/Type\s*/Page\b}).size).to be_between(2, 5)
    browser.page.command("Emulation.setEmulatedMedia", media: "print")
    displays = js("['.top', '.actions', '.foot'].map((part) => getComputedStyle(document.querySelector(part)).display)")
    expect(displays).to eq(%w[none none none])
    expect(js("getComputedStyle(document.body).backgroundColor")).to eq("rgb(255, 255, 255)")
  ensure
    browser.page.command("Emulation.setEmulatedMedia", media: "")
  end

  it "deletes a process after a question, and only from its own page" do
    _, id = newcomer(77_003)
    visit("/processes/#{id}")
    js("document.querySelector('.actions form button').click()")
    wait_for("the overview") { text("h1") == "Overview" }
    expect(SystemDashboard.dialogs).to eq(["Delete everything stored about this process?"])
    expect(texts(".proc th a")).not_to include("77003")
    visit("/processes/#{id}")
    expect(text("h1")).to eq("There is nothing here")
  end
end
