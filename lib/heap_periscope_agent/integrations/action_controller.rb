# frozen_string_literal: true

module HeapPeriscopeAgent
  module Integrations
    # Measures controller actions as "Controller#action", from the first callback to the last. Prepended to
    # ActionController::Base and ::API, never to the app's own classes, so that reloading them leaves nothing behind.
    # An action of ActionController::Live is measured in the thread that streams, to the end of the stream. An
    # exception that `rescue_from` handles counts as no error.
    module ActionController
      TYPE = "controller"

      # Hooks both bases, now or when they are loaded.
      # @return [void]
      def self.install
        ActiveSupport.on_load(:action_controller) { prepend Integrations::ActionController }
      end

      private

      def process_action(*)
        return super unless HeapPeriscopeAgent.configuration.enable_controller_instrumentation

        Native.method_span(TYPE, self.class.name, action_name) { super }
      end
    end
  end
end
