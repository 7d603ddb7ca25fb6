# frozen_string_literal: true

require_relative "../ui_helper"
require "English"
require "rbconfig"
require "sqlite3"
require_relative "../support/program"
require_relative "../support/host_app"

# Programs of ours that start in the folder of an application: nothing in it is theirs.
RSpec.describe "A program of the dashboard in an application's folder" do
  # Each of these ends a program that reads it.
  TRAPS = {
    "config/environments/production.rb" => "Rails.application.configure { config.action_mailer.perform_caching = false }\n",
    "config/environments/test.rb" => "Rails.application.configure { config.action_mailer.perform_caching = false } if $PROGRAM_NAME != 'script.rb'\n",
    "config/application.rb" => "raise 'config/application.rb was read'\n", "config/initializers/trap.rb" => "raise 'an initializer was read'\n",
    "config/locales/en.yml" => "en: [", "app/models/trap.rb" => "raise 'a class of the application was read'\n", "config/puma.rb" => "raise 'puma.rb'\n",
    "lib/heap_periscope_ui.rb" => "raise 'a library of the application was read'\n", ".env" => "HEAP_PERISCOPE_UI_UDP_PORT=1\n"
  }.freeze
  let(:ports) { Array.new(2) { Program.free_port } }

  def report(port)
    message = SampleData.snapshot(SampleData.members.first, 0, HeapPeriscopeUi::Timestamps.now)
    UDPSocket.open { |socket| socket.send(JSON.generate(message), 0, "127.0.0.1", port) }
  end

  it "is served by the command, and stores below the folder" do
    HostApp.open(files: TRAPS.merge("config/database.yml" => "production: [", "config/routes.rb" => "raise 'routes'")) do |app|
      command = [RbConfig.ruby, File.expand_path("../../exe/heap_periscope_ui", __dir__), "--port", ports[0].to_s, "--udp-port", ports[1].to_s]
      Program.run(command, { "RAILS_ENV" => nil }, chdir: app.root) do |program|
        url = "http://127.0.0.1:#{ports[0]}/heap_periscope/api/v1"
        program.eventually { program.json("#{url}/status")["collectors"].any? { |row| row["state"] == "collecting" } }
        report(ports[1])
        program.eventually { program.json("#{url}/processes")["processes"].any? }
        expect(File.file?(File.join(app.root, "storage/heap_periscope.sqlite3"))).to be(true)
        expect(program.output.lines.grep(/heap_periscope_ui/).size).to eq(1)
      end
    end
  end

  COLLECT = <<~RUBY
    config = HeapPeriscopeUi.configuration
    config.udp_port = Integer(ENV.fetch("UDP"))
    config.collect_in = ENV.fetch("COLLECT_IN").to_sym
    HeapPeriscopeUi.logger = Logger.new($stderr)
    HeapPeriscopeUi::Store::Connection.ready!
    runner = HeapPeriscopeUi::Collector.start(settle: true)
    puts "STARTED"
    $stdout.flush
    sleep
  RUBY

  def collecting(app, how, prelude: "", &block)
    app.run("answer(1)\n") # writes the prelude
    app.write("script.rb", File.read(File.join(app.root, "script.rb")) + prelude + COLLECT)
    environment = { "UDP" => ports[1].to_s, "COLLECT_IN" => how, "RAILS_ENV" => "test", "RUBYOPT" => nil }
    Program.run([RbConfig.ruby, "script.rb"], environment, chdir: app.root, &block)
  end

  def stored(app, file = "heap_periscope.sqlite3")
    path = File.join(app.root, "storage", file)
    File.exist?(path) ? SQLite3::Database.new(path).get_first_value("SELECT COUNT(*) FROM heap_periscope_ui_samples") : 0
  rescue SQLite3::Exception
    0
  end

  # The application itself reads what its helper must not.
  def self.traps
    guard = "if $PROGRAM_NAME != 'script.rb'"
    TRAPS.slice("config/environments/test.rb").merge("config/initializers/trap.rb" => "raise 'an initializer was read' #{guard}\n",
                                                     "app/models/trap.rb" => "#{guard}\nraise\nend\nTrap = 1\n",
                                                     "config/environments/production.rb" => TRAPS["config/environments/production.rb"])
  end

  {
    "an own file" => ["heap_periscope.sqlite3", ""],
    "the host's SQLite, by a relative name" => ["host.sqlite3", "HeapPeriscopeUi.configuration.database = :host"]
  }.each do |store, (file, dashboard)|
    it "collects as helper process, with #{store}" do
      HostApp.open(files: self.class.traps, dashboard: dashboard) do |app|
        prelude = "HeapPeriscopeUi::Store::Schema.create(ActiveRecord::Base.connection)\n" if file == "host.sqlite3"
        collecting(app, "process", prelude: prelude.to_s) do |program|
          program.eventually { program.output.include?("in process") }
          program.eventually { report(ports[1]) && stored(app, file).positive? }
          expect(program.output).not_to include("has ended")
        end
      end
    end
  end

  it "is given up as helper process when it dies three times, in one sentence, and a thread goes on" do
    broken = "HeapPeriscopeUi::Collector::Helper.send(:remove_const, :PROGRAM); HeapPeriscopeUi::Collector::Helper::PROGRAM = 'exit 3'\n"
    HostApp.open do |app|
      collecting(app, "process", prelude: broken) do |program|
        program.eventually { report(ports[1]) && stored(app).positive? }
        expect(program.output.scan(/a thread of process #{program.pid} collects instead/).size).to eq(1)
        expect(program.output.scan("has ended").size).to eq(3)
      end
    end
  end
end
