# frozen_string_literal: true

require "spec_helper"
require_relative "../support/page_growth"

RSpec.describe "A page that stays open", timeout: 240 do
  it "does not grow by more than 10 MB while it follows; a minute here, an hour with rake ui:page_growth" do
    result = PageGrowth.new(reports: 60, pause: 0.4).measure
    expect(result[:refreshed]).to be >= 8
    expect(result[:after] - result[:before]).to be < 10 * 1024 * 1024
    RSpec.configuration.reporter.message(format("page heap: %.1f MB, then %.1f MB after %d refreshes", result[:before] / 1e6,
                                                result[:after] / 1e6, result[:refreshed]))
  end
end
