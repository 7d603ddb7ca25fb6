# frozen_string_literal: true

require_relative "../ui_helper"
require_relative "../support/host_app"

# Base controllers of the host that turn strangers away in the ways that people have for it.
RSpec.describe "A base controller of the host's own" do
  FILES = {
    "app/controllers/application_controller.rb" => <<~RUBY,
      class ApplicationController < ActionController::Base
        rescue_from(ArgumentError) { |error| render plain: error.message, status: :forbidden }
        helper_method :account
        def account = "nobody"
      end
    RUBY
    "app/controllers/admin_controller.rb" => <<~RUBY,
      class AdminController < ApplicationController
        layout "admin"
        before_action :require_access, :require_own_page, :set_content_security_policy

        private

        # Names that one gives to one's own checks.
        def require_access = deny
        def require_own_page = nil
        def set_content_security_policy = response.headers["X-Host"] = "checked"
        def not_found = head(404)

        def deny
          case params[:how]
          when "path" then redirect_to(new_session_path)
          when "url" then redirect_to(new_session_url(from: request.path))
          when "action" then redirect_to(controller: "/sessions", action: "new")
          when "root" then redirect_to(root_path)
          when "page" then render("errors/forbidden", status: :forbidden)
          when "error" then raise(ArgumentError, "not you")
          when "missing" then not_found
          end
        end
      end
    RUBY
    "app/controllers/sessions_controller.rb" => "class SessionsController < ApplicationController\n  def new = head(:ok)\nend\n",
    "app/views/layouts/admin.html.erb" => "<title>Admin</title><a href='<%= new_session_path %>'><%= account %></a><%= link_to 'home', root_path %><%= yield %>",
    "app/views/errors/forbidden.html.erb" => "Not for you"
  }.freeze
  ROUTES = "resource :session, only: :new\nroot to: 'sessions#new'"
  CONFIGURED = "HeapPeriscopeUi.configuration.base_controller_class = 'AdminController'"

  around do |example|
    HostApp.open(config: "config.action_dispatch.show_exceptions = :all", dashboard: CONFIGURED, routes: ROUTES, files: FILES, mount: "/deep/memory") do |app|
      @app = app
      example.run
    end
  end

  it "sends to the host's addresses, shows the host's pages, and lets the others see ours" do
    script = <<~RUBY
      def ask(how, address = "/")
        get("\#{address}?how=\#{how}")
        [SESSION.response.status, SESSION.response.location || SESSION.response.body]
      end
      Rails.application.eager_load!
      controllers = [HeapPeriscopeUi::ApplicationController, *HeapPeriscopeUi::ApplicationController.descendants]
      checks = ->(controller) { controller._process_action_callbacks.map(&:filter).grep(Symbol) }
      ours = controllers.flat_map(&checks).uniq - checks.call(AdminController)
      answer(%w[path url action root page error missing].to_h { |how| [how, ask(how)] }.merge(
        "api" => ask("path", "/api/v1/processes"), "api page" => ask("page", "/api/v1/status"), "in" => ask("").first,
        "host's check" => SESSION.response.headers["X-Host"], "our checks" => ours
      ))
    RUBY
    page = [403, "<title>Admin</title><a href='/session/new'>nobody</a><a href=\"/\">home</a>Not for you"]
    expect(@app.call(script)).to match(
      "path" => [302, "http://example.org/session/new"], "url" => [302, "http://example.org/session/new?from=%2Fdeep%2Fmemory%2F"],
      "action" => [302, "http://example.org/session/new"], "root" => [302, "http://example.org/"], "page" => page,
      "error" => [403, "not you"], "missing" => [404, ""], "api" => [302, "http://example.org/session/new"], "api page" => page, "in" => 200,
      "host's check" => "checked", "our checks" => include("require_dashboard_access").and(all(match(/dashboard|host_ground/)))
    )
  end
end
