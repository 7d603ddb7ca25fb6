# frozen_string_literal: true

module HeapPeriscopeUi
  # A base controller of the host has checks of its own, which send strangers to the host's sign-in page or show the host's page for them. Until
  # they have let a request in, it stands on the host's ground: route helpers, layout and helpers of views are the host's.
  module HostGround
    extend ActiveSupport::Concern

    included { before_action :leave_host_ground }

    def process_action(*)
      @_routes = ::Rails.application.routes
      super
    end

    # What controllers without views, below ActionController::API, do not have.
    def view_context_class
      base = HeapPeriscopeUi.base_controller
      on_host_ground? && base.respond_to?(:view_context_class) ? base.view_context_class : super
    end

    private

    def on_host_ground?
      !@_routes.nil?
    end

    # Comes after the checks of the host's controller, which it inherits, and before our own. Addresses are worked out anew from here.
    def leave_host_ground
      @_routes = nil
      @_url_options = nil
    end
  end
end
