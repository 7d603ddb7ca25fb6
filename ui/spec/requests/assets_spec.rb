# frozen_string_literal: true

require_relative "../ui_helper"

RSpec.describe "Scripts and stylesheets", :store do
  def encoding(accepted)
    answer = UiApp.get("/assets/#{HeapPeriscopeUi::Assets.path("dashboard.css")}", accepted ? { "HTTP_ACCEPT_ENCODING" => accepted } : {})
    expect(answer.status).to eq(200)
    answer.headers["content-encoding"]
  end

  it "are compressed for clients that take it, by the weights they give" do
    expect(["gzip", "br, gzip;q=0.5", "*", "gzip;q=1.0, identity;q=0.5"].map { |accepted| encoding(accepted) }).to all(eq("gzip"))
    expect([nil, "gzip;q=0", "identity", "br", "gzip;q=0, *;q=0.1"].map { |accepted| encoding(accepted) }).to all(be_nil)
  end
end
