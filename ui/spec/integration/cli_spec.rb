# frozen_string_literal: true

require_relative "../ui_helper"
require "English"
require "open3"
require "rbconfig"
require "support/gem_folder"
require_relative "../support/program"

RSpec.describe "heap_periscope_ui" do
  let(:command) { [RbConfig.ruby, File.expand_path("../../exe/heap_periscope_ui", __dir__)] }
  let(:web_port) { Program.free_port }
  let(:udp_port) { Program.free_port }
  let(:url) { "http://127.0.0.1:#{web_port}/heap_periscope/api/v1" }

  def call(*arguments, env: {})
    Open3.capture3(env, *command, *arguments)
  end

  def serve(database, env = {}, &block)
    arguments = ["--port", web_port.to_s, "--udp-port", udp_port.to_s, "--database", database]
    Program.run([*command, *arguments], { "RAILS_ENV" => nil }.merge(env), &block)
  end

  def send_report
    message = SampleData.snapshot(SampleData.members.first, 0, HeapPeriscopeUi::Timestamps.now)
    UDPSocket.new.send(JSON.generate(message), 0, "127.0.0.1", udp_port)
  end

  it "prints its version and its options" do
    expect(call("--version").first).to eq("heap_periscope_ui #{HeapPeriscopeUi::VERSION}\n")
    expect(call("--help").first).to include("--bind", "--port", "--udp-port", "--host", "--database", "HEAP_PERISCOPE_UI_SECRET")
  end

  it "says in one line what is wrong with the arguments, and exits with 2" do
    {
      ["--port", "99999"] => "a port is a number from 0 to 65535", ["--nonsense"] => "invalid option: --nonsense",
      ["--bind", "0.0.0.0"] => "set HEAP_PERISCOPE_UI_USER and HEAP_PERISCOPE_UI_PASSWORD", ["extra"] => "extra"
    }.each do |arguments, text|
      out, err, status = call(*arguments)
      expect([out, status.exitstatus]).to eq(["", 2])
      expect(err).to start_with("heap_periscope_ui: ").and include(text)
    end
  end

  it "says what is wrong with the database, and exits with 1" do
    _, err, status = call("--database", "postgresql://127.0.0.1:1/nothing", "--port", web_port.to_s)
    expect(status.exitstatus).to eq(1)
    expect(err.lines.size).to be < 8
    expect(err).to start_with("heap_periscope_ui: ")
  end

  it "collects, stores and answers, and ends in order" do
    Dir.mktmpdir("heap-periscope-ui", UiApp::SCRATCH) do |directory|
      serve(File.join(directory, "ui.sqlite3")) do |program|
        program.eventually { program.json("#{url}/status")["collectors"].any? { |row| row["state"] == "collecting" } }
        send_report
        expect(program.eventually { program.json("#{url}/processes")["processes"].first }).to include("service_name" => "shop-web")
        expect(program.output).to include("http://127.0.0.1:#{web_port}/heap_periscope")
        program.signal(:TERM)
        program.wait
      end
      serve(File.join(directory, "ui.sqlite3")) do |program|
        program.eventually { program.json("#{url}/processes")["processes"].any? }
      end
    end
  end

  it "takes what the original agent 0.3.0 sends", timeout: 240 do
    library = GemFolder.of("rival:install")
    script = <<~RUBY
      require "logger"
      require "heap_periscope_agent"
      HeapPeriscopeAgent.configure do |config|
        config.port = #{udp_port}
        config.enable_detailed_objects = true
        config.service_name = "the original"
      end
      HeapPeriscopeAgent::Reporter.report_once!
    RUBY
    Dir.mktmpdir("heap-periscope-ui", UiApp::SCRATCH) do |directory|
      serve(File.join(directory, "ui.sqlite3")) do |program|
        program.eventually { program.json("#{url}/status")["collectors"].any? { |row| row["state"] == "collecting" } }
        unbundled = ENV.keys.grep(/\A(BUNDLE|RUBYOPT|RUBYLIB)/).to_h { |name| [name, nil] }.merge("GEM_PATH" => library[%r{.*(?=/gems/)}])
        output, status = Open3.capture2e(unbundled, RbConfig.ruby, "-I#{library}", "-e", script)
        expect(status).to be_success, output
        process = program.eventually { program.json("#{url}/processes")["processes"].first }
        expect(process).to include("service_name" => "the original", "state" => "alive", "heap_live_slots" => Integer)
        classes = program.json("#{url}/processes/#{process["id"]}/classes")["classes"]
        expect(classes.map { |row| row["name"] }).to include("String")
      end
    end
  end

  # @return [Array<String>] status of a page and of a deletion, asked for under that name
  def by_name(host)
    http = Net::HTTP.new("127.0.0.1", web_port)
    page = http.get("/heap_periscope", "Host" => "#{host}:#{web_port}")
    own = { "Host" => "#{host}:#{web_port}", "Origin" => "http://#{host}:#{web_port}", "Sec-Fetch-Site" => "same-origin" }
    [page.code, http.post("/heap_periscope/processes/1/delete", "token=x", own).code]
  end

  it "answers only to names of this machine, and to those it is given" do
    Dir.mktmpdir("heap-periscope-ui", UiApp::SCRATCH) do |directory|
      arguments = ["--port", web_port.to_s, "--udp-port", udp_port.to_s, "--database", File.join(directory, "ui.sqlite3"), "--host", "memory.example"]
      Program.run([*command, *arguments], { "RAILS_ENV" => nil }) do |program|
        program.eventually { program.get(url) }
        names = ["localhost", "127.0.0.1", "127.1.2.3", "[::1]", "shop.localhost", "memory.example", "evil.example", "127.0.0.1.evil.example"]
        expect(names.to_h { |name| [name, by_name(name)] })
          .to eq(names.first(6).to_h { |name| [name, %w[200 403]] }.merge(names.last(2).to_h { |name| [name, %w[403 403]] }))
        expect(Net::HTTP.new("127.0.0.1", web_port).get("/heap_periscope", "Host" => "evil.example").body).not_to include("<h1>")
      end
    end
  end

  it "answers to any name where it asks for credentials" do
    Dir.mktmpdir("heap-periscope-ui", UiApp::SCRATCH) do |directory|
      serve(File.join(directory, "ui.sqlite3"), "HEAP_PERISCOPE_UI_USER" => "me", "HEAP_PERISCOPE_UI_PASSWORD" => "right") do |program|
        program.eventually { program.get(url) }
        expect([by_name("proxy.example").first, by_name("localhost").first]).to eq(%w[401 401])
      end
    end
  end

  it "stores in PostgreSQL" do
    serve(PostgresqlServer.fresh_database) do |program|
      program.eventually { program.json("#{url}/status")["collectors"].any? { |row| row["state"] == "collecting" } }
      send_report
      program.eventually { program.json("#{url}/processes")["processes"].first }
      expect(program.json("#{url}/status")["database"]).to include("adapter" => "postgresql")
    end
  end
end
