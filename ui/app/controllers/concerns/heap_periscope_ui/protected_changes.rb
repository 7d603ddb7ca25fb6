# frozen_string_literal: true

module HeapPeriscopeUi
  # Protects what changes something, without a session: the request must come from a page of this dashboard (Sec-Fetch-Site, Origin)
  # and carry a signed token that page got. This takes the place of the host's own protection, which looks for a token in the host's session.
  module ProtectedChanges
    extend ActiveSupport::Concern

    included do
      skip_forgery_protection if respond_to?(:skip_forgery_protection)
      before_action :require_dashboard_page
    end

    private

    def require_dashboard_page
      return if dashboard_origin? && ChangeToken.valid?(params[:token], dashboard_change)

      render plain: "This change was refused: it did not come from a page of this dashboard, or the page is older than " \
                    "#{ChangeToken::LIFE.inspect}. Load the page anew and try again.\n", status: :forbidden
    end

    # @return [String] what the token must have been made for
    def dashboard_change
      "#{controller_name}/#{action_name}/#{params[:id]}"
    end

    def dashboard_origin?
      site = request.headers["Sec-Fetch-Site"]
      return false if site && site != "same-origin"

      origin = request.headers["Origin"]
      return !site.nil? if origin.nil?

      # A proxy that ends TLS makes the scheme differ, so only host and port count.
      URI.parse(origin).host == request.host
    rescue URI::InvalidURIError
      false
    end
  end
end
