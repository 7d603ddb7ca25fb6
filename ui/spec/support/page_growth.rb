# frozen_string_literal: true

require_relative "system_dashboard"
require_relative "sample_data"

# How much the memory of an open page grows while reports arrive. Used by the system spec for a minute's worth, and by
# `rake ui:page_growth` for an hour.
class PageGrowth
  include SystemHelpers

  # @param reports [Integer] snapshots to send
  # @param pause [Float] seconds between them
  def initialize(reports:, pause:)
    @reports = reports
    @pause = pause
    @member = SampleData.members(1).first
    @member.service = "growth"
    @member.pid = 64_001
  end

  # @return [Hash] {before:, after: bytes of the page's JavaScript heap after a collection, refreshed: how often the page followed}
  def measure
    10.times { |i| report(i * 10, HeapPeriscopeClock.now - ((10 - i) * 10_000)) and sleep(0.05) }
    visit("/processes/#{id_of(64_001)}")
    wait_for_charts(5)
    # The first rounds fill caches and compile code.
    8.times { |i| report(i * 10) and sleep(@pause.clamp(0.3, 2)) }
    before = used
    @reports.times { |i| report(100 + (i * 10)) and sleep(@pause) }
    { before: before, after: used, refreshed: js("+document.body.dataset.refreshed || 0") }
  end

  private

  def report(seconds, at = HeapPeriscopeClock.now)
    dashboard.hear(SampleData.gc_report(@member, at), SampleData.snapshot(@member, seconds, at))
  end

  def used
    3.times { browser.page.command("HeapProfiler.collectGarbage") }
    browser.page.command("Runtime.getHeapUsage")["usedSize"]
  end
end
