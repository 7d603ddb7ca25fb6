# frozen_string_literal: true

require_relative "../ui_helper"
require_relative "../support/host_app"

RSpec.describe "The dashboard, mounted as people do" do
  def addresses(body) = body.scan(/(?:href|src|action)="([^"#][^"]*)"/).flatten.grep(%r{\A/}).map { |address| address[/\A[^?]+/] }.uniq

  it "is there only for those whom a constraint lets through" do
    routes = <<~RUBY
      constraints(->(request) { request.headers["X-Admin"] == "yes" }) { mount HeapPeriscopeUi::Engine => "/hidden", as: :hidden }
    RUBY
    HostApp.open(routes: routes, config: "config.action_dispatch.show_exceptions = :all", dashboard: "HeapPeriscopeUi.configuration.access = ->(_) { true }") do |app|
      statuses, body = app.call(<<~RUBY)
        ask = ->(path, **headers) { SESSION.get(path, headers: headers); SESSION.response.status }
        statuses = [ask.call("/hidden/"), ask.call("/hidden/api/v1/status"), ask.call("/hidden/", "X-Admin" => "yes")]
        answer([statuses, SESSION.response.body])
      RUBY
      expect(statuses).to eq([404, 404, 200])
      expect(addresses(body)).to all(start_with("/hidden/")).and include("/hidden/status")
    end
  end

  it "links below the folder that a server puts the application into" do
    HostApp.open(config: "config.relative_url_root = '/shop'") do |app|
      status, body = app.call(<<~RUBY)
        SESSION.get("/heap_periscope/", env: { "SCRIPT_NAME" => "/shop" })
        answer([SESSION.response.status, SESSION.response.body])
      RUBY
      expect(status).to eq(200)
      expect(addresses(body)).to all(start_with("/shop/heap_periscope/")).and include("/shop/heap_periscope/status")
    end
  end

  it "shows the same moments whatever the application's time zone and that of the machine" do
    seen = [["UTC", "UTC"], ["Tokyo", "America/New_York"]].map do |zone, machine|
      HostApp.open(config: "config.time_zone = '#{zone}'; config.active_record.default_timezone = :local") do |app|
        app.call(<<~RUBY, "TZ" => machine)
          raise "the machine has another zone" unless Time.at(1_796_083_170).utc_offset == #{machine == "UTC" ? 0 : -18_000}
          HeapPeriscopeUi.store.write(report("reported_at" => "2026-11-30T23:59:30.000Z"), received_at: 1_796_083_170_000)
          process = HeapPeriscopeUi::ObservedProcess.first
          get("/api/v1/processes/\#{process.id}")
          shown = JSON.parse(SESSION.response.body)
          get("/processes/\#{process.id}?from=1796083000000&to=1796084000000")
          answer([process.first_seen_at, shown.to_s.scan(/2026-1\\d-\\d\\dT[\\d:.]+\\S?|1796\\d{9}/).first(3), SESSION.response.status])
        RUBY
      end
    end
    expect(seen.first).to match([1_796_083_170_000, be_any, 200])
    expect(seen.uniq.size).to eq(1)
  end
end
