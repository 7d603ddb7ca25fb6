# frozen_string_literal: true

require "ipaddr"
require "rails"
require "heap_periscope_ui"

module HeapPeriscopeUi
  # A Rails application that has nothing but the engine, for programs of our own. Its root is a folder of its own, which does not even exist: they
  # are started in the folders of applications, whose configuration, initializers and classes are nothing to them.
  module BareApplication
    ROOT = File.join(__dir__, "bare_application")
    LOOPBACK_NAMES = ["localhost", /.+\.localhost/, IPAddr.new("127.0.0.0/8"), IPAddr.new("::1")].freeze

    module_function

    # @param hosts [Array<String>, nil] names besides those of loopback that requests may come by; nil: any
    # @return [Rails::Application] initialized, without routes
    def build(hosts: nil)
      application = Class.new(::Rails::Application)
      settings = application.config
      settings.root = ROOT
      settings.load_defaults "#{::Rails::VERSION::MAJOR}.#{::Rails::VERSION::MINOR}"
      settings.eager_load = true
      settings.consider_all_requests_local = false
      settings.log_level = :warn
      settings.logger = ActiveSupport::Logger.new($stderr)
      settings.secret_key_base = SecureRandom.hex(64)
      settings.public_file_server.enabled = false
      settings.hosts = hosts ? [*LOOPBACK_NAMES, *hosts] : []
      settings.session_store :disabled
      application.initialize!
    end
  end
end
