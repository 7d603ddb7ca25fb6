# frozen_string_literal: true

require_relative "../ui_helper"
require_relative "../support/sample_history"

RSpec.describe "The page of a process", :store do
  it "says why the cost of watching has two figures that differ" do
    SampleHistory.new(SampleData.members.first(1)).write(2)
    page = UiApp.get("/processes/#{HeapPeriscopeUi::ObservedProcess.first.id}").body
    expect(page[/What watching costs.*?<\/p>\s*<\/div>/m]).to include("share of a core", "time under the GVL", "processor time, in the last report", "goes by the clock")
  end
end
