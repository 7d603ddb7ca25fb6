# frozen_string_literal: true

require_relative "boot"

require "rails"
require "active_record/railtie"
require "action_controller/railtie"
require "action_view/railtie"
require "active_job/railtie"

require "puma"
require "sidekiq"
require "sqlite3"
require "heap_periscope_agent"

# The dashboard is a gem of its own; the shop works the same without it (DEMO_DASHBOARD=0).
begin
  require "heap_periscope_ui" unless ENV["DEMO_DASHBOARD"] == "0"
rescue LoadError
  nil
end

module Demo
  # Where the demo keeps what it writes: database, switches, pid files.
  def self.scratch
    Pathname(ENV.fetch("DEMO_SCRATCH") { Rails.root.join("tmp").to_s })
  end

  # A small shop with healthy pages and, behind switches, six ways to leak memory.
  class Application < Rails::Application
    config.root = File.expand_path("..", __dir__)
    config.load_defaults "#{Rails::VERSION::MAJOR}.#{Rails::VERSION::MINOR}"

    # The same in every environment: this app is looked at while it runs, not while it is changed.
    config.enable_reloading = ENV["DEMO_RELOADING"] == "1"
    config.eager_load = true
    config.consider_all_requests_local = true
    config.hosts.clear
    config.secret_key_base = "a demo on loopback has no secret to keep " * 2
    config.log_level = ENV.fetch("DEMO_LOG_LEVEL", "warn").to_sym
    config.logger = ActiveSupport::TaggedLogging.new(ActiveSupport::Logger.new($stderr))

    # Jobs go through Redis where there is one; without it they run in the web process.
    config.active_job.queue_adapter = ENV["REDIS_URL"] ? :sidekiq : :async
    config.active_record.maintain_test_schema = false
  end
end
