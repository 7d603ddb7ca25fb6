# frozen_string_literal: true

RSpec.describe "CHANGELOG.md" do
  it "opens with the version of the gem, after what is not released yet" do
    changelog = File.read(File.expand_path("../../CHANGELOG.md", __dir__))

    expect(changelog[/^## (?!Unreleased$)(\S+)/, 1]).to eq(HeapPeriscopeAgent::VERSION)
  end
end
