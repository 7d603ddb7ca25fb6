# frozen_string_literal: true

require "rack/mock"
require "tmpdir"

module Bench
  # The demo shop inside this process, without a server: requests go through the whole Rails stack, to SQLite in memory.
  module RailsShop
    VISITS = [
      ["GET", "/api/orders?limit=10"], ["GET", "/api/orders/1"], ["PATCH", "/api/orders/1?state=paid"],
      ["POST", "/api/orders?customer=Eve&lines=1"], ["GET", "/"]
    ].freeze

    # An exception ends the benchmark with its message.
    RAISING = { "action_dispatch.show_exceptions" => :none }.freeze

    # @param library [String, nil] a folder whose heap_periscope_agent is taken instead of this one
    def self.boot(initializers: [])
      ENV["RAILS_ENV"] = "production"
      # Shared: Rails 8.1's reaper may hold the connection for a moment, and another one must not find an empty database.
      ENV["DEMO_DATABASE"] = "file:shop?mode=memory&cache=shared"
      ENV["DEMO_SCRATCH"] = Dir.mktmpdir("heap-periscope-bench")
      ENV["DEMO_INSTRUMENTATION"] = "none"
      ENV["DEMO_LOG_LEVEL"] = "fatal"
      ENV["DEMO_DASHBOARD"] = "0"
      require_relative "../../demo/config/application"
      initializers.each { |path| Rails.application.config.after_initialize { load path } }
      Rails.application.initialize!
      ActiveRecord::Schema.verbose = false
      load File.expand_path("../../demo/db/schema.rb", __dir__)
      20.times { |n| Order.place!(customer: "Customer #{n}") }
    end

    # One visit of every page. The orders it makes go again, so that all rounds find the same.
    def self.visit_all
      VISITS.each do |verb, path|
        status, _, body = Rails.application.call(Rack::MockRequest.env_for(path, method: verb, **RAISING))
        raise "#{verb} #{path}: #{status}" if status >= 400

        body.each(&:itself)
        body.close if body.respond_to?(:close)
      end
      Order.where(customer: "Eve").each(&:destroy!)
    end
  end
end
