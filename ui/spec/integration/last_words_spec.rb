# frozen_string_literal: true

require_relative "../ui_helper"
require "sqlite3"
require_relative "../support/program"
require_relative "../support/host_app"

# Processes that end together with the one that collects.
RSpec.describe "The last goodbyes" do
  WATCHED = <<~RUBY.freeze
    $LOAD_PATH.unshift("#{HostApp::REPOSITORY}/lib")
    require "heap_periscope_agent"
    config = HeapPeriscopeUi.configuration
    config.udp_port = Integer(ENV.fetch("UDP"))
    config.collect_in = ENV.fetch("COLLECT_IN").to_sym
    HeapPeriscopeUi.logger = Logger.new($stderr)
    HeapPeriscopeUi::Store::Connection.ready!
    HeapPeriscopeAgent.configure { |one| one.port = config.udp_port; one.interval = 1; one.service_name = "ending"; one.verbose = false }
    HeapPeriscopeUi::Collector.start(settle: true)
    sleep 0.1 until HeapPeriscopeUi::Collector.here[:state] == (config.collect_in == :process ? "standing by" : "collecting")
    HeapPeriscopeAgent.start
    child = fork { trap(:TERM) { exit }; sleep }
    trap(:TERM) { Process.kill(:TERM, child); exit }
    sleep
  RUBY

  def rows(app, columns)
    SQLite3::Database.new(File.join(app.root, "storage/heap_periscope.sqlite3")).execute("SELECT #{columns} FROM heap_periscope_ui_processes WHERE kind = 0")
  rescue SQLite3::Exception
    []
  end

  %w[thread process].each do |how|
    it "of the collecting process and its child are heard, with collect_in #{how}", timeout: 180 do
      HostApp.open do |app|
        app.run("exit\n")
        app.write("script.rb", File.read(File.join(app.root, "script.rb")).delete_suffix("exit\n") + WATCHED)
        environment = { "UDP" => Program.free_port.to_s, "COLLECT_IN" => how, "RAILS_ENV" => "test", "RUBYOPT" => nil }
        Program.run([RbConfig.ruby, "script.rb"], environment, chdir: app.root) do |program|
          program.eventually { rows(app, "process_id").size == 2 }
          program.signal(:TERM)
          program.wait
          program.eventually(20) { rows(app, "goodbye_at").flatten.all? }
        end
      end
    end
  end
end
