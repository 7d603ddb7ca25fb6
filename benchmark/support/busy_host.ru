# frozen_string_literal: true

# A Rails application whose page costs some milliseconds of work, with the dashboard mounted.
require "rails"
require "heap_periscope_ui"

class BusyHost < Rails::Application
  config.root = __dir__
  config.eager_load = true
  config.logger = ActiveSupport::Logger.new($stderr)
  config.log_level = :warn
  config.secret_key_base = "only for benchmarks " * 4
  config.hosts.clear
  routes.append do
    mount HeapPeriscopeUi::Engine => "/heap_periscope"
    get "/work" => lambda { |_env|
      rows = Array.new(1_500) { |i| { "id" => i, "name" => "row #{i}", "price" => i * 1.5 } }
      [200, { "content-type" => "application/json" }, [JSON.generate(JSON.parse(JSON.generate(rows)).group_by { |row| row["id"] % 7 })]]
    }
  end
end

HeapPeriscopeUi.configuration.collect_in = ENV.fetch("BUSY_HOST_COLLECT_IN", "auto").to_sym
HeapPeriscopeUi.configuration.access = ->(_request) { true }
BusyHost.initialize!
run Rails.application
