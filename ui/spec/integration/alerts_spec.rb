# frozen_string_literal: true

require_relative "../ui_helper"
require_relative "../support/program"
require_relative "../support/webhook_receiver"

RSpec.describe "Alerts of a real server", timeout: 240 do
  let(:host) { File.expand_path("../fixtures/host", __dir__) }
  let(:udp_port) { Program.free_port }
  let(:web_port) { Program.free_port }

  around do |example|
    Dir.mktmpdir("heap-periscope-ui", UiApp::SCRATCH) do |directory|
      @database = File.join(directory, "ui.sqlite3")
      WebhookReceiver.run { |receiver| (@receiver = receiver) && example.run }
    end
  end

  def env
    { "RAILS_ENV" => "development", "HEAP_PERISCOPE_UI_DATABASE" => @database, "HEAP_PERISCOPE_UI_UDP_PORT" => udp_port.to_s,
      "HEAP_PERISCOPE_UI_ALERT_URL" => @receiver.url, "HEAP_PERISCOPE_UI_ALERT_SECRET" => "a secret of some length" }
  end

  def health(program)
    program.get("http://127.0.0.1:#{web_port}/heap_periscope/health").code
  end

  it "come once from a cluster of workers, and never from their master" do
    command = ["puma", "-w", "2", "-t", "1:3", "--preload", "-b", "tcp://127.0.0.1:#{web_port}", "config.ru"]
    Program.run(command, env, chdir: host) do |program|
      program.eventually { health(program) == "200" }
      message = SampleData.snapshot(SampleData.members.first, 1_800, HeapPeriscopeUi::Timestamps.now)
      UDPSocket.new.send(JSON.generate(message), 0, "127.0.0.1", udp_port)
      program.eventually { @receiver.requests.any? }
      workers = File.read("/proc/#{program.pid}/task/#{program.pid}/children").split
      named = ->(pid) { Dir["/proc/#{pid}/task/*/comm"].count { |file| "heap_periscope_ui alerts".start_with?(File.read(file).chomp) && File.read(file) != "\n" } }
      expect(workers.size).to eq(2)
      expect(workers.map(&named)).to all(be_positive)
      sleep 2 * HeapPeriscopeUi::Alerts::Watch::EVERY_S # every worker looks at least once more
      expect(@receiver.alerts.map { |alert| alert["cause"] }).to eq(["leak_suspect/shop-web/LineItem"])
      expect(File.read("/proc/#{program.pid}/maps")).not_to include("ui.sqlite3") # shared memory of an open database
    end
  end
end
