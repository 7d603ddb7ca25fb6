# frozen_string_literal: true

require "rails"
require "heap_periscope_ui"

module HeapPeriscopeUi
  # A Rails application that has nothing but the engine, for programs of our own.
  module BareApplication
    module_function

    # @return [Rails::Application] initialized, without routes
    def build
      application = Class.new(::Rails::Application)
      settings = application.config
      settings.root = Dir.pwd
      settings.load_defaults "#{::Rails::VERSION::MAJOR}.#{::Rails::VERSION::MINOR}"
      settings.eager_load = true
      settings.consider_all_requests_local = false
      settings.log_level = :warn
      settings.logger = ActiveSupport::Logger.new($stderr)
      settings.secret_key_base = SecureRandom.hex(64)
      settings.public_file_server.enabled = false
      settings.hosts.clear
      settings.session_store :disabled
      application.initialize!
    end
  end
end
