# frozen_string_literal: true

require "support/packaging"

RSpec.describe "sig/" do
  include Packaging

  it "holds valid RBS" do
    output, status = Open3.capture2e("rbs", "-I", "sig", "validate", chdir: Packaging::ROOT)

    expect(status).to be_success, output
  end
end
