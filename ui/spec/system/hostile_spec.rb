# frozen_string_literal: true

require "spec_helper"
require_relative "../support/named_report"
require_relative "../support/system_dashboard"

# Names of classes, spans, services, files and threads come from whoever can send a datagram.
RSpec.describe "Hostile names" do
  PAYLOADS = [
    "<script>alert(%d)</script>",
    "<img src=x onerror=alert(%d)>",
    "\"><svg onload=alert(%d)>",
    "' onmouseover='alert(%d)",
    "javascript:alert(%d)",
    "</title><script>alert(%d)</script>",
    "</script><script>alert(%d)</script>",
    "<iframe srcdoc='<script>alert(%d)</script>'>",
    "{{constructor.constructor('alert(%d)')()}}",
    "<style>*{background:url(//evil/%d)}</style>",
    "&lt;script&gt;alert(%d)&lt;/script&gt;",
    "<a href=javascript:alert(%d)>x</a>",
    "\u202e%d<b>",
    "<!--%d",
    "]]>%d<x>",
    "=HYPERLINK(\"http://evil/%d\")",
    "<base href=//evil/%d>",
    "<meta http-equiv=refresh content=0;url=//evil/%d>",
    "`${alert(%d)}`",
    "\u0000%d\u2028<i>"
  ].freeze
  NAMES = Array.new(1_000) { |i| format(PAYLOADS[i % PAYLOADS.size].delete("\u0000"), i) }

  # What a mouse and a keyboard would set off.
  TOUCH = <<~SCRIPT
    (() => {
      for (const element of [...document.querySelectorAll("main *")].slice(0, 3000))
        for (const type of ["mouseover", "pointermove", "focus"]) element.dispatchEvent(new Event(type, { bubbles: true }));
    })()
  SCRIPT

  # A dashboard that knows nothing else: what these names do to a page must not depend on what other specs sent.
  def dashboard
    @dashboard ||= RunningDashboard.new(0)
  end

  after { @dashboard&.stop }

  # @return [Hash{String=>Array<String>}] addresses of pages, with names that must stand there
  def pages(id)
    query = ->(index) { CGI.escape(NAMES[index]) }
    { "/processes/#{id}?top=20&by=count" => NAMES.values_at(0, 1, 8), "/processes/#{id}?class=#{query[7]}" => [NAMES[7]],
      "/processes/#{id}?q=#{query[1]}" => [NAMES[1]], "/" => NAMES.first(3), "/leaks" => NAMES.first(6), "/status" => [],
      "/spans?process=#{id}" => NAMES.first(40), "/spans?process=#{id}&name=#{query[6]}" => NAMES.values_at(6, 9),
      "/retained_sites?process=#{id}" => NAMES.first(10), "/allocation_sites?process=#{id}&q=#{query[1]}" => [NAMES[1]],
      "/compare?process=#{id}" => [NAMES[0]] }
  end

  def missing(names)
    content = js("document.querySelector('main').textContent")
    names.reject { |name| content.include?(name) }
  end

  it "are text on every page: 1 000 of them, no dialog, nothing the policy had to stop" do
    report = NamedReport.new(66_001, NAMES)
    3.times { |i| dashboard.hear(report.messages(HeapPeriscopeClock.now - 2_000 + (i * 900), i * 10)) and sleep(0.3) }
    id = id_of(66_001)
    visit("/processes/#{id}?all=true")
    wait_for("all classes") { js("document.querySelectorAll('[data-part=classes] tbody th').length") >= 1_000 }
    wait_for_charts(5)
    shown = js("[...document.querySelectorAll('[data-part=classes] tbody th a:first-child')].map((link) => link.textContent)")
    expect(NAMES - shown).to eq([])
    pages(id).each do |path, names|
      visit(path)
      sleep 0.4
      js(TOUCH)
      expect([path, missing(names), faults]).to eq([path, [], []])
      expect(js("document.querySelectorAll('script:not([nonce]), iframe, base, meta[http-equiv]').length")).to eq(0)
    end
    expect(SystemDashboard.dialogs).to eq([])
  end
end
