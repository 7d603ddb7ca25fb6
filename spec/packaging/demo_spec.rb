# frozen_string_literal: true

require "socket"
require "support/packaging"

RSpec.describe "bin/demo" do
  include Packaging

  it "shows the reports of a program that knows nothing of the agent" do
    output = run!("bin/demo", "yard", "--seconds", "8")

    expect(output).to match(/report=gc service=YARD/).and match(/report=snapshot service=YARD .*live_slots=\d/)
  end

  it "shows the shop, its workers and its jobs on every page of the dashboard, and takes pictures", timeout: 600 do
    Dir.mktmpdir do |folder|
      output = run!("bin/demo", "--seconds", "40", "--screenshot", folder)

      expect(output).to match(%r{A shop that leaks .* is open at http://localhost:\d+;})
      expect(output).to match(%r{The dashboard: http://localhost:\d+/heap_periscope$})
      expect(output).to match(/Every page showed the data; (\d+) pictures/)
      pictures = Dir["#{folder}/*.png"]
      expect(pictures.map { |path| File.basename(path, ".png") }).to include("overview", "process", "service", "span", "leaks", "status")
      expect(pictures.map { |path| File.size(path) }).to all(be > 10_000)
    end
  end

  it "says what the pages did not show, and ends with 1", timeout: 240 do
    Dir.mktmpdir do |folder|
      port, udp_port = Array.new(2) { TCPServer.open("127.0.0.1", 0) { |server| server.addr[1] } }
      pid = spawn("heap_periscope_ui", "--port", port.to_s, "--udp-port", udp_port.to_s, "--database", File.join(folder, "ui.sqlite3"),
                  out: File::NULL, err: File::NULL)
      output, status = Open3.capture2e(RbConfig.ruby, "bin/support/demo_pages.rb", "http://127.0.0.1:#{port}/heap_periscope", folder)

      expect(status.exitstatus).to eq(1)
      expect(output).to include("- Puma's master and two workers should be alive, and of Rails there are 0.")
    ensure
      Process.kill(:TERM, pid) && Process.wait(pid)
    end
  end

  it "takes another port for the shop than 3000 where that is taken, and says so", timeout: 120 do
    taken = begin
      TCPServer.new("127.0.0.1", 3000)
    rescue Errno::EADDRINUSE
      nil # by somebody else, which is as good
    end
    output = run!("bin/demo", "--seconds", "1")

    expect(output).to match(%r{Port 3000 is taken; the shop takes (\d+)\..*open at http://localhost:\1;}m)
  ensure
    taken&.close
  end

  it "leaves nothing running" do
    output = run!("bin/demo", "yard", "--seconds", "10")
    pids = output.scan(/pid=(\d+)/).flatten.uniq.map(&:to_i)

    expect(pids).not_to be_empty
    expect { Process.kill(0, pids.first) }.to raise_error(Errno::ESRCH)
  end

  it "names what it was given and what it takes" do
    output, status = run("bin/demo", "--seconds", "soon")

    expect(status.exitstatus).to eq(2)
    expect(output).to include("--seconds takes a whole number above 0, not 'soon'")
    output, status = run("bin/demo", "yard", "--screenshot", "folder")

    expect(status.exitstatus).to eq(2)
    expect(output).to include("only the shop has a dashboard")
  end
end
