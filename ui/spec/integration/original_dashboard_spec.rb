# frozen_string_literal: true

require_relative "../ui_helper"
require_relative "../support/program"
require_relative "../support/recorded"
require "support/gem_folder"
require "rbconfig"

# The dashboard of the original name, 0.1.0, as far as it takes reports: its listener, with Rails' real Action Cable and Active Record.
RSpec.describe "The original dashboard", timeout: 120 do
  LISTENER = <<~RUBY
    $stdout.sync = true
    require "bundler/setup"
    require "action_cable"
    require "active_record"
    require "securerandom"
    ActiveRecord::Base.establish_connection(adapter: "sqlite3", database: ":memory:")
    ActionCable.server.config.logger = Logger.new(nil)
    ActionCable.server.config.cable = { "adapter" => "test" }
    module HeapPeriscopeUi
      def self.udp_host = "127.0.0.1"
      def self.udp_port = Integer(ENV.fetch("UDP_PORT"))
    end
    require "heap_periscope_ui/udp_listener"
    Thread.new do
      $stdin.read
      puts "SHOWN " + JSON.generate(ActionCable.server.pubsub.broadcasts("heap_periscope_runtime_stats").map { |text| JSON.parse(text)["type"] }.tally)
      exit!(0)
    end
    HeapPeriscopeUi::UdpListener.new.run
  RUBY

  # What the original's pages show comes by Action Cable.
  it "takes all that real agents of every Ruby send, and shows it" do
    port = Program.free_port
    log = Tempfile.new("listener")
    environment = { "UDP_PORT" => port.to_s, "RUBYOPT" => nil }
    IO.popen([environment, RbConfig.ruby, "-I", GemFolder.of("rival:dashboard"), "-e", LISTENER, { out: log.path, err: %i[child out] }], "w") do |program|
      200.times { File.read(log.path).include?("Successfully listening") ? break : sleep(0.1) }
      sent = Recorded.rubies.flat_map { |ruby| Recorded.new(ruby).datagrams }
      sent.each { |datagram| UDPSocket.new.send(datagram, 0, "127.0.0.1", port) && sleep(0.01) }
      stored = sent.count { |datagram| JSON.parse(datagram)["type"] == "snapshot" }
      200.times { File.read(log.path).scan("Stored snapshot report").size >= stored ? break : sleep(0.1) }
      program.close_write
      200.times { File.read(log.path).include?("SHOWN") ? break : sleep(0.1) }
      output = File.read(log.path)
      expect(output).not_to match(/error/i)
      expect(output.scan("Stored snapshot report").size).to eq(stored)
      expect(JSON.parse(output[/SHOWN (.*)/, 1])).to eq(sent.map { |datagram| JSON.parse(datagram)["type"] }.tally)
    end
  end
end
