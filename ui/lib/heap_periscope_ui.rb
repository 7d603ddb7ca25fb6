# frozen_string_literal: true

require "rails"
require "active_support/core_ext"
require "active_record"
require "action_controller/railtie"
require "action_view/railtie"
require "heap_periscope_ui/version"
require "heap_periscope_ui/errors"
require "heap_periscope_ui/configuration"
require "heap_periscope_ui/configuration/checks"
require "heap_periscope_ui/timestamps"
require "heap_periscope_ui/complaints"
require "heap_periscope_ui/time_range"
require "heap_periscope_ui/metrics"
require "heap_periscope_ui/levels"
require "heap_periscope_ui/packing"
require "heap_periscope_ui/trend"
require "heap_periscope_ui/histogram"
require "heap_periscope_ui/store"
require "heap_periscope_ui/csv"
require "heap_periscope_ui/assets"
require "heap_periscope_ui/figures"
require "heap_periscope_ui/change_token"
require "heap_periscope_ui/collector"
require "heap_periscope_ui/stored"
require "heap_periscope_ui/alerts"
require "heap_periscope_ui/health"

# Dashboard for the reports of heap_periscope_agent. It knows the agent by its wire format only.
module HeapPeriscopeUi
  class << self
    # @return [Configuration] the one set of options; in Rails also reachable as `config.heap_periscope_ui`
    def configuration
      @configuration ||= Configuration.new
    end

    # @yieldparam config [Configuration]
    # @raise [ConfigurationError] at once, when an option is given a value it does not allow
    def configure
      yield configuration
    end

    # @return [Store] the store of this process
    def store
      @store ||= Store.new
    end

    # @return [Logger]
    def logger
      @logger ||= (defined?(::Rails) && ::Rails.logger) || Logger.new($stderr, progname: "heap_periscope_ui")
    end

    # @return [Class] what the dashboard's controllers inherit from
    # @api private
    def base_controller
      (configuration.base_controller_class || "ActionController::Base").constantize
    end

    attr_writer :logger
  end
end

require "heap_periscope_ui/engine"
