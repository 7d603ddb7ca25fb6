# frozen_string_literal: true

module HeapPeriscopeUi
  # Who may look: everyone in development and test; elsewhere only whom the host configured. All that is configured must agree.
  #
  # Names of methods here and in our other controllers keep clear of what a host's base controller may call its own checks: a method of the
  # same name would take the place of the host's.
  module Access
    extend ActiveSupport::Concern

    CLOSED = <<~TEXT
      The heap_periscope dashboard is closed in this environment until access is configured. In an initializer, use one of:

        HeapPeriscopeUi.configure do |config|
          config.access = ->(request) { request.session[:admin] }                    # anything that answers true for the right people
          config.http_basic = { name: "…", password: "…" }                           # HTTP basic credentials
          config.base_controller_class = "AdminController"                            # a controller of yours that checks
        end
    TEXT
    DENIED = "You may not see this dashboard: the access check of this application said no.\n"
    UNKNOWN = "HTTP Basic: Access denied.\n"

    private

    def require_dashboard_access
      config = HeapPeriscopeUi.configuration
      return ask_for_credentials unless config.http_basic.nil? || dashboard_credentials?(config.http_basic)
      return refuse_dashboard(DENIED) unless config.access.nil? || config.access.call(request)

      open = config.http_basic || config.access || config.base_controller_class || ::Rails.env.local?
      refuse_dashboard(CLOSED) unless open
    end

    def refuse_dashboard(text)
      render plain: text, status: :forbidden
    end

    def ask_for_credentials
      response.headers["WWW-Authenticate"] = 'Basic realm="heap_periscope", charset="UTF-8"'
      render plain: UNKNOWN, status: :unauthorized
    end

    # Both are compared whole, so that the time taken tells nothing.
    def dashboard_credentials?(expected)
      name, password = given_credentials
      ActiveSupport::SecurityUtils.secure_compare(name, expected[:name]) &
        ActiveSupport::SecurityUtils.secure_compare(password, expected[:password])
    end

    # @return [Array(String, String)] of the header; empty where it is missing or no such header
    def given_credentials
      encoded = request.authorization.to_s[/\ABasic\s+(\S+)\s*\z/i, 1].to_s
      name, password = encoded.unpack1("m").split(":", 2)
      [name.to_s, password.to_s]
    end
  end
end
