# frozen_string_literal: true

require "heap_periscope_agent/cli/top"
require "tmpdir"
require_relative "../../../support/reports"
require_relative "../../../support/screen"

RSpec.describe "heap_periscope top on a terminal" do
  include CommandLine
  include Reports

  enter = "\e[?1049h\e[?25l"
  leave = "\e[?25h\e[?1049l"

  def top(*arguments, **options, &)
    Screen.open("top", *arguments, "--port", "0", **options, &)
  end

  def send_two_processes(screen, round)
    send_to(screen.port,
            snapshot(classes(Order: [10 + round, 9000, false], String: [5, 99_000, true]), sequence: round),
            snapshot({}, instance: "other", process_id: 4712, sequence: round))
  end

  it "shows reports, obeys keys, follows the size and leaves the terminal as it was" do
    top do |screen|
      before = screen.tty.echo?
      screen.wait_for_line(/Waiting for reports/)
      expect(screen.tty.echo?).to be(false)
      send_two_processes(screen, 1)
      screen.wait_for_line(/▸Shop +4711 .* 90 000 /)
      send_two_processes(screen, 3)
      screen.wait_for_line(/ Order +app +13 .*\+ +2/)
      expect(screen.lines.first).to include("2 processes").and include("lost 2")
      screen.press("s")
      screen.wait_for_line(/▼bytes/)
      expect(screen.lines[7]).to start_with(" String")
      screen.press("\t")
      screen.wait_for_line(/▸Shop +4712/)
      screen.wait_for_line(/T_STRING/)
      screen.press("\e[A")
      screen.wait_for_line(/▸Shop +4711/)
      screen.press("?")
      screen.wait_for_line(/Ctrl-L +draw anew/)
      screen.press("\e")
      screen.wait_for_line(/▸Shop/)
      screen.press("S")
      screen.wait_for_line(/▼RSS/)
      screen.tty.winsize = [20, 80]
      Process.kill(:WINCH, screen.pid)
      screen.wait_for_line(/\A.{40,66}lost 2 · \? help\z/)
      expect(screen.lines.map(&:length)).to all(be <= 80)
      screen.press("q")
      expect(screen.status.exitstatus).to eq(0)
      expect(screen.tty.echo?).to be(before)
      expect([screen.written.scan(enter).size, screen.written.scan(leave).size]).to eq([1, 1])
      expect(screen.written).to end_with(leave)
    end
  end

  it "holds still while paused and catches up afterwards" do
    top do |screen|
      send_two_processes(screen, 1)
      screen.wait_for_line(/ Order +app +11 /)
      screen.press("p")
      screen.wait_for_line(/PAUSED/)
      send_two_processes(screen, 2)
      sleep 0.7
      screen.press("\f")
      screen.wait_for_line(/ Order +app +11 /)
      screen.press(" ")
      screen.wait_for_line(/ Order +app +12 /)
      expect(screen.lines.join).not_to include("PAUSED")
    end
  end

  { INT: 0, TERM: 143, HUP: 129, QUIT: 131 }.each do |signal, status|
    it "leaves the terminal as it was on #{signal}" do
      top do |screen|
        screen.wait_for_line(/Waiting/)
        Process.kill(signal, screen.pid)
        expect(screen.status.exitstatus).to eq(status)
        expect(screen.written).to end_with(leave)
        expect(screen.tty.echo?).to be(true)
      end
    end
  end

  it "gives the terminal back while it is stopped, and draws anew when it goes on" do
    top do |screen|
      screen.wait_for_line(/Waiting/)
      Process.kill(:TSTP, screen.pid)
      expect(Process.wait2(screen.pid, Process::WUNTRACED).last).to be_stopped
      wait_for("the terminal to be given back") { screen.written.end_with?(leave) }
      expect(screen.tty.echo?).to be(true)
      Process.kill(:CONT, screen.pid)
      wait_for("the screen to be back") { screen.written.scan(enter).size == 2 }
      screen.wait_for_line(/Waiting/)
      screen.press("q")
      expect(screen.status.exitstatus).to eq(0)
    end
  end

  it "leaves the terminal as it was, and the handlers of signals, when something raises" do
    master, tty = PTY.open
    handler = trap("WINCH", "IGNORE")
    terminal = HeapPeriscopeAgent::CLI::Top::Terminal.new(tty, tty)
    expect { terminal.open { tty.echo? ? nil : raise("inside") } }.to raise_error("inside")
    written = +""
    wait_for("the terminal to be given back") { (written << master.readpartial(1000)).end_with?(leave) }
    expect(tty.echo?).to be(true)
    expect(trap("WINCH", handler || "DEFAULT")).to eq("IGNORE")
  ensure
    [tty, master].each(&:close)
  end

  it "lets nothing hostile through" do
    top do |screen|
      evil = "\e]0;owned\a\e[31mEVIL\e[2J"
      send_to(screen.port, "\e[31mEVIL", "{\"type\":\e",
              snapshot(classes(evil.to_sym => [1, 1, false]), service_name: evil))
      screen.wait_for_line(/\?\[31mEVIL/)
      screen.wait_for_line(/refused 2/)
      screen.press("q")
      screen.status
      expect(screen.written).not_to match(/\e\[31m|\e\]|\a/)
      expect(screen.written.scan("\e[2J").size).to eq(2)
    end
  end

  it "plays a recording and says when it ends" do
    Dir.mktmpdir do |dir|
      path = File.join(dir, "file")
      started = Time.now - 60
      lines = Array.new(3) do |index|
        at = started + (index * 0.3)
        report = snapshot(classes(Order: [10 + index, 900, false]), at: at, sequence: index + 1)
        JSON.generate({ received_at: at.utc.iso8601(3), from: "127.0.0.1:1", datagram: report })
      end
      File.write(path, "#{lines.join("\nrubbish\n")}\n")
      Screen.open("top", path) do |screen|
        screen.wait_for_line(/playing file · 1 process/)
        screen.wait_for_line(/ Order +app +12 .*\+ +2/)
        screen.wait_for_line(/End of the recording\./)
        moments = (0..2).map { |second| (started + second).strftime("%H:%M:%S") }
        expect(screen.lines.first).to include("refused 2").and match(Regexp.union(moments))
        screen.press("q")
        expect(screen.status.exitstatus).to eq(0)
      end
    end
  end

  it "writes plain lines where the terminal can show nothing else" do
    top(env: { "TERM" => "dumb" }) do |screen|
      port = CommandLine.wait_for("listening") { screen.written[/listening on .*:(\d+)/, 1]&.to_i }
      send_to(port, snapshot)
      CommandLine.wait_for("a line") { screen.written.include?("report=snapshot service=Shop pid=4711") }
      expect(screen.written).not_to include("\e")
    end
  end
end
