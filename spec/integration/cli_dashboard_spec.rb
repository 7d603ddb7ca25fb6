# frozen_string_literal: true

require "net/http"
require "tmpdir"
require "heap_periscope_agent/version"
require_relative "../support/reports"
require_relative "../support/screen"

# The terminal view and the dashboard gem, which know each other by the JSON interface only.
RSpec.describe "heap_periscope top --url, with the dashboard" do
  include CommandLine
  include Reports

  def free_port(socket)
    socket.local_address.ip_port
  ensure
    socket.close
  end

  def dashboard
    port = free_port(TCPServer.new("127.0.0.1", 0))
    udp_port = free_port(UDPSocket.new.tap { |socket| socket.bind("127.0.0.1", 0) })
    Dir.mktmpdir do |dir|
      log = File.join(dir, "log")
      executable = File.join(CommandLine::ROOT, "ui/exe/heap_periscope_ui")
      pid = Process.spawn(RbConfig.ruby, executable, "--port", port.to_s, "--udp-port", udp_port.to_s,
                          "--database", File.join(dir, "db.sqlite3"), out: log, err: log)
      url = "http://127.0.0.1:#{port}/heap_periscope"
      wait_for("the dashboard", seconds: 60) { answers?("#{url}/api/v1/processes") }
      yield url, udp_port
    rescue RuntimeError => e
      raise "#{e.message}\n#{File.read(log)}"
    ensure
      stop(pid) if pid
    end
  end

  def answers?(url)
    Net::HTTP.get_response(URI(url)).is_a?(Net::HTTPOK)
  rescue SystemCallError
    false
  end

  it "shows what the dashboard has stored, and asks for the process that is looked at" do
    dashboard do |url, udp_port|
      Screen.open("top", "--url", url) do |screen|
        screen.wait_for_line(/asking .* 0 processes/)
        send_to(udp_port, snapshot(classes(Order: [5, 500, false])),
                snapshot(classes(Invoice: [7, 700, false]), instance: "b6f8b1de-0000-4000-8000-000000004712",
                                                            process_id: 4712))
        screen.wait_for_line(/▸Shop +4711 +3\.4\.9 +100\.0 MB +90 000 /)
        screen.wait_for_line(/ Order +app +5 +500 B /)
        screen.press("\t")
        screen.wait_for_line(/ Invoice +app +7 +700 B /)
        screen.press("q")
        expect(screen.status.exitstatus).to eq(0)
      end
    end
  end
end
