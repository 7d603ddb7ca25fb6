# frozen_string_literal: true

module HeapPeriscopeUi
  # The pages' own content security policy, whatever the host's is. Set as a header, because API-only applications have no
  # middleware for it; where the middleware is, it leaves a policy alone that is there.
  module ContentSecurity
    extend ActiveSupport::Concern

    included do
      before_action :set_dashboard_content_policy
    end

    private

    # @return [String] for `<script nonce>` and `<link rel="stylesheet" nonce>`; new for every request
    def csp_nonce
      @csp_nonce ||= SecureRandom.base64(18)
    end

    def set_dashboard_content_policy
      response.headers["Content-Security-Policy"] = [
        "default-src 'none'", "script-src 'nonce-#{csp_nonce}'", "style-src 'nonce-#{csp_nonce}'", "img-src 'self' data:",
        "connect-src 'self'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'self'"
      ].join("; ")
      response.headers["X-Content-Type-Options"] = "nosniff"
      response.headers["Referrer-Policy"] = "same-origin"
    end
  end
end
