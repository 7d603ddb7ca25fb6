# frozen_string_literal: true

require_relative "../ui_helper"
require_relative "../support/host_app"

# The delete button in applications with sessions and forgery protection of their own, and in those with neither.
RSpec.describe "Deleting in an application" do
  SCRIPT = <<~RUBY
    HeapPeriscopeUi.store.write([report, report(pid: 2)])
    get("/processes/1")
    page = [SESSION.response.status, SESSION.response.body[/<form[^>]*delete.*?<.form>/m].to_s]
    token = page[1][/name="token" value="([^"]+)"/, 1].to_s
    refused = [FOREIGN, {}, { "Origin" => "null" }, OWN.merge("Sec-Fetch-Site" => "same-site")].map do |headers|
      post("/processes/1/delete", params: { token: token }, headers: headers)
      SESSION.response.status
    end
    post("/processes/1/delete", params: { token: "made up" }, headers: OWN)
    refused << SESSION.response.status
    post("/processes/2/delete", params: { token: token }, headers: OWN)
    refused << SESSION.response.status
    post("/processes/1/delete", params: { token: token }, headers: OWN)
    answer(page: page[0], refused: refused, deleted: SESSION.response.status, kept: HeapPeriscopeUi::ObservedProcess.kept.ids)
  RUBY
  RIGHT = { "page" => 200, "refused" => [403] * 6, "deleted" => 303, "kept" => [2] }.freeze

  # Protected as a generated application is: exceptions show as the pages that people get.
  def self.sessions
    "config.action_dispatch.show_exceptions = :all; config.action_controller.allow_forgery_protection = true"
  end

  HostApp.defaults.each do |version|
    it "works with load_defaults #{version}, and forged requests are refused" do
      HostApp.open(defaults: version, config: self.class.sessions) { |app| expect(app.call(SCRIPT)).to eq(RIGHT) }
    end
  end

  it "works below a controller of the host's own, with protection of its own" do
    controller = <<~RUBY
      class AdminController < ActionController::Base
        protect_from_forgery with: :exception, prepend: true
        before_action { session[:seen] = true }
      end
    RUBY
    HostApp.open(config: self.class.sessions, dashboard: "HeapPeriscopeUi.configuration.base_controller_class = 'AdminController'",
                 files: { "app/controllers/admin_controller.rb" => controller }) { |app| expect(app.call(SCRIPT)).to eq(RIGHT) }
  end

  it "works in an application that is an API, below its controller, and without a session" do
    HostApp.open(config: "config.api_only = true; #{self.class.sessions}",
                 dashboard: "HeapPeriscopeUi.configuration.base_controller_class = 'ApplicationController'",
                 files: { "app/controllers/application_controller.rb" => "class ApplicationController < ActionController::API\nend\n" }) do |app|
      expect(app.call(SCRIPT)).to eq(RIGHT)
    end
  end
end
