# frozen_string_literal: true

module HeapPeriscopeUi
  # Who may look: everyone in development and test; elsewhere only whom the host configured.
  module Access
    extend ActiveSupport::Concern
    include ActionController::HttpAuthentication::Basic::ControllerMethods

    CLOSED = <<~TEXT
      The heap_periscope dashboard is closed in this environment until access is configured. In an initializer, use one of:

        HeapPeriscopeUi.configure do |config|
          config.access = ->(request) { request.session[:admin] }                    # anything that answers true for the right people
          config.http_basic = { name: "…", password: "…" }                           # HTTP basic credentials
          config.base_controller_class = "AdminController"                            # a controller of yours that checks
        end
    TEXT
    DENIED = "You may not see this dashboard: the access check of this application said no.\n"

    private

    def require_access
      config = HeapPeriscopeUi.configuration
      return require_credentials(config.http_basic) if config.http_basic
      return deny(DENIED) if config.access && !config.access.call(request)

      deny(CLOSED) unless config.access || config.base_controller_class || ::Rails.env.local?
    end

    def deny(text)
      render plain: text, status: :forbidden
    end

    def require_credentials(expected)
      authenticate_or_request_with_http_basic("heap_periscope") do |name, password|
        # Both are compared whole, so that the time taken tells nothing.
        ActiveSupport::SecurityUtils.secure_compare(name, expected[:name]) &
          ActiveSupport::SecurityUtils.secure_compare(password, expected[:password])
      end
    end
  end
end
