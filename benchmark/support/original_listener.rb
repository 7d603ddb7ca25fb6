# frozen_string_literal: true

# Runs the UDP listener of the original gem's dashboard, unchanged, with the least it needs around it: its Rails application would only
# add to its cost. It broadcasts to ActionCable's in-process server as it would there.
require "bundler/setup"
require "rails"
require "active_record"
require "action_cable/engine"
require "sqlite3"

RIVAL_UI = "heap_periscope_ui"
RIVAL_UI_VERSION = "0.1.0"

folder = File.join(ENV.fetch("GEM_HOME"), "rival")
library = File.join(folder, "gems", "#{RIVAL_UI}-#{RIVAL_UI_VERSION}", "lib")
unless File.directory?(library)
  Bundler.with_unbundled_env do
    system("gem", "install", "--quiet", "--no-document", "--ignore-dependencies", "--install-dir", folder, "#{RIVAL_UI}:#{RIVAL_UI_VERSION}",
           out: :err, exception: true)
  end
end
require File.join(library, "heap_periscope_ui/udp_listener")

class OriginalHost < Rails::Application
  config.root = __dir__
  config.eager_load = false
  config.logger = ActiveSupport::Logger.new(File::NULL)
  config.secret_key_base = "only for benchmarks " * 4
  config.action_cable.cable = { "adapter" => "async" }
end
OriginalHost.initialize!
ActiveRecord::Base.establish_connection(adapter: "sqlite3", database: ":memory:", pool: 50)
$stdout.reopen(File::NULL)
HeapPeriscopeUi::UdpListener.new(host: "127.0.0.1", port: Integer(ARGV.fetch(0))).run
