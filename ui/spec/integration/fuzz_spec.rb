# frozen_string_literal: true

require_relative "../ui_helper"
require "open3"

# The short form of `rake ui:fuzz`.
RSpec.describe "A collector that is sent changed datagrams", timeout: 300 do
  it "stores all that it lets in, and every whole one in between" do
    output, status = Open3.capture2e(RbConfig.ruby, File.expand_path("../../bin/fuzz", __dir__), "4000", "7")
    expect(output).to match(/^4000 datagrams of seed 7.* 0 failed, 0 batches divided$/)
    expect(output).to include("the witness: 4 of 4 stored, 0 counted as lost")
    expect(status).to be_success, output
  end
end
