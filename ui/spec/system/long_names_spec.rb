# frozen_string_literal: true

require "spec_helper"
require_relative "../support/named_report"
require_relative "../support/system_dashboard"

# Names have no length that a page could be made for: no page may scroll sideways because of one.
RSpec.describe "Long names" do
  LONG = [
    "W" * 250, "host-#{"0123456789" * 24}", "Catalog::Pricing::#{"VolumeDiscount" * 15}::TierTable", "app/#{"deeply_nested/" * 15}file.rb",
    "#{"method_with_a_name" * 12}!", "Api::V2::#{"Inventory" * 20}Controller#bulk_update", "#{"m" * 250}#show", "two words " * 20,
    "puma srv #{"t" * 200}", "日本語の名前" * 12
  ].freeze

  def dashboard
    @dashboard ||= RunningDashboard.new(0)
  end

  after { @dashboard&.stop }

  def pages(id)
    name = CGI.escape(LONG[6])
    ["/", "/processes/#{id}", "/processes/#{id}?class=#{CGI.escape(LONG[2])}", "/processes/#{id}?q=none", "/leaks", "/spans?process=#{id}",
     "/spans?process=#{id}&name=#{name}", "/spans?process=#{id}&q=#{name}#{name}", "/retained_sites?process=#{id}",
     "/retained_sites?process=#{id}&class=#{CGI.escape(LONG[2])}", "/allocation_sites?process=#{id}", "/compare?process=#{id}",
     "/compare?process=#{id}&mode=processes", "/status"]
  end

  # What stands out to the right of the page, to say where to look.
  def sticking_out
    js(<<~SCRIPT)
      [...document.querySelectorAll("body *")].filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
        .slice(0, 5).map((element) => `${element.tagName}.${element.className}`)
    SCRIPT
  end

  it "break or are cut where they stand, at every width" do
    report = NamedReport.new(55_001, LONG)
    3.times { |i| dashboard.hear(report.messages(HeapPeriscopeClock.now - 2_000 + (i * 900), i * 10)) and sleep(0.3) }
    id = id_of(55_001)
    pages(id).each do |path|
      visit(path)
      [390, 800, 1_440].each do |pixels|
        width(pixels)
        sleep 0.1
        wide = js("document.documentElement.scrollWidth")
        expect([path, wide, wide > pixels ? sticking_out : []]).to eq([path, pixels, []])
        shot("long-#{path[/\w+/]}-#{pixels}") unless path.include?("&")
      end
    end
  end
end
