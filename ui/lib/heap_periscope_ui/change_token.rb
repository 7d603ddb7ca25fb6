# frozen_string_literal: true

module HeapPeriscopeUi
  # Signed tokens for changes, made for one change each.
  module ChangeToken
    LIFE = 12.hours

    module_function

    # @param change [String] e.g. "processes/destroy/17": controller, action and id
    # @return [String]
    def generate(change)
      verifier.generate(change, expires_in: LIFE, purpose: :change)
    end

    def valid?(token, change)
      token.is_a?(String) && verifier.verified(token, purpose: :change) == change
    end

    def verifier
      ::Rails.application.message_verifier("heap_periscope_ui")
    end
  end
end
