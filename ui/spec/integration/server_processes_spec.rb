# frozen_string_literal: true

require_relative "../ui_helper"
require "English"
require "rbconfig"
require "sqlite3"
require_relative "../support/program"

# Who collects, in real servers.
RSpec.describe "Collecting in a Rails application's processes" do
  let(:host) { File.expand_path("../fixtures/host", __dir__) }
  let(:udp) { UDPSocket.new }
  let(:udp_port) { Program.free_port }
  let(:web_port) { Program.free_port }
  let(:member) { SampleData.members.first }
  let(:url) { "http://127.0.0.1:#{web_port}/heap_periscope/api/v1/status" }

  around do |example|
    Dir.mktmpdir("heap-periscope-ui", UiApp::SCRATCH) do |directory|
      @env = { "RAILS_ENV" => "development", "HEAP_PERISCOPE_UI_DATABASE" => File.join(directory, "ui.sqlite3"),
               "HEAP_PERISCOPE_UI_UDP_PORT" => nil }
      example.run
    end
  end

  def env
    @env.merge("HEAP_PERISCOPE_UI_UDP_PORT" => udp_port.to_s)
  end

  def report
    udp.send(JSON.generate(SampleData.snapshot(member, 0, HeapPeriscopeUi::Timestamps.now)), 0, "127.0.0.1", udp_port)
  end

  def collectors(program)
    program.json(url)["collectors"].select { |collector| collector["alive"] && collector["state"] == "collecting" }
  end

  def stored(program)
    program.json(url)["collectors"].sum { |collector| collector["stored"].to_i }
  end

  it "one worker of a preloaded Puma cluster collects, and another within 10 s when it is killed", timeout: 240 do
    command = ["puma", "-w", "2", "-t", "1:3", "--preload", "-b", "tcp://127.0.0.1:#{web_port}", "config.ru"]
    Program.run(command, env, chdir: host) do |program|
      first = program.eventually { collectors(program).then { |list| list.first if list.one? } }
      expect(first["pid"]).not_to eq(program.pid)
      report
      program.eventually { stored(program) == 1 }

      Process.kill(:KILL, first["pid"])
      killed = Process.clock_gettime(Process::CLOCK_MONOTONIC)
      second = program.eventually { collectors(program).find { |collector| collector["pid"] != first["pid"] } }
      expect(Process.clock_gettime(Process::CLOCK_MONOTONIC) - killed).to be < 10
      expect(second["pid"]).not_to eq(program.pid)
      report
      program.eventually { stored(program) == 2 }
      expect(program.output.scan("is taken").size).to be_between(1, 3)
      expect(program.output).not_to include("started in app boot")
      expect(program.output).not_to include("inherited from a forked process") # the master has opened no database
    end
  end

  # Reports every few milliseconds until the block ends.
  # @return [Integer] how many
  def reporting
    sent = 0
    ended = false
    thread = Thread.new { (report && sent += 1) && sleep(0.004) until ended }
    yield
    ended = true
    thread.join
    sent
  ensure
    thread.kill
  end

  def workers_of(program)
    File.read("/proc/#{program.pid}/task/#{program.pid}/children").split.map(&:to_i)
  end

  it "a phased restart of a Puma cluster loses no report: the sockets go from worker to worker", timeout: 240 do
    settings = File.join(File.dirname(@env["HEAP_PERISCOPE_UI_DATABASE"]), "puma.rb")
    File.write(settings, "preload_app! false") # a cluster that preloads has no phased restarts
    command = ["puma", "-C", settings, "-w", "2", "-t", "1:3", "-b", "tcp://127.0.0.1:#{web_port}", "config.ru"]
    Program.run(command, env, chdir: host) do |program|
      program.eventually { collectors(program).one? && program.json(url)["collectors"].any? { |one| one["state"] == "standing by" } }
      before = workers_of(program)
      sent = reporting do
        program.signal(:USR1)
        program.eventually(60) { workers_of(program).size == 2 && !workers_of(program).intersect?(before) && collectors(program).one? }
      end
      program.eventually { stored(program) == sent }
      expect(before).not_to include(collectors(program).first["pid"])
      expect(program.output).to include("handed its sockets over")
    end
  end

  # @return [Hash{Integer=>Integer, nil}] process id of each worker with an agent => when it said goodbye
  def goodbyes
    SQLite3::Database.new(@env["HEAP_PERISCOPE_UI_DATABASE"]) do |database|
      return database.execute("SELECT process_id, goodbye_at FROM heap_periscope_ui_processes WHERE kind = 0").to_h
    end
  rescue SQLite3::Exception
    {}
  end

  it "no worker with an agent stays silent after a phased restart, a restart and TERM", timeout: 300 do
    settings = File.join(File.dirname(@env["HEAP_PERISCOPE_UI_DATABASE"]), "puma.rb")
    File.write(settings, "preload_app! false")
    command = ["puma", "-C", settings, "-w", "2", "-t", "1:3", "-b", "tcp://127.0.0.1:#{web_port}", "config.ru"]
    Program.run(command, env.merge("HOST_AGENT" => "1"), chdir: host) do |program|
      dead = []
      %i[USR1 USR2].each do |signal|
        program.eventually { goodbyes.values.count(nil) == 2 }
        dead |= workers_of(program)
        program.signal(signal)
        program.eventually { workers_of(program).size == 2 && !workers_of(program).intersect?(dead) }
        program.eventually { goodbyes.slice(*dead).values.then { |times| times.size == dead.size && times.all? } }
      end
      program.eventually { goodbyes.values.count(nil) == 2 }
      program.signal(:TERM)
      program.wait
    end
    expect(goodbyes.size).to eq(6)
    expect(goodbyes.values).to all(be_a(Integer))
  end

  # @return [Boolean] whether a process is there and not merely unburied
  def running?(pid)
    !%w[Z X].include?(File.read("/proc/#{pid}/stat").rpartition(")").last.split.first)
  rescue Errno::ENOENT
    false
  end

  describe "in a process of its own" do
    let(:in_process) { env.merge("HOST_COLLECT_IN" => "process") }

    it "has the worker's sockets, is replaced when it is killed, and ends with the server", timeout: 240 do
      command = ["puma", "-w", "2", "-t", "1:3", "--preload", "-b", "tcp://127.0.0.1:#{web_port}", "config.ru"]
      Program.run(command, in_process, chdir: host) do |program|
        first = program.eventually { collectors(program).then { |list| list.first if list.one? } }
        workers = File.read("/proc/#{program.pid}/task/#{program.pid}/children").split.map(&:to_i)
        expect(File.read("/proc/#{first["pid"]}/cmdline")).to match(/heap_periscope_ui: collector of (#{workers.join("|")})\b/)
        report
        program.eventually { stored(program) == 1 }

        Process.kill(:KILL, first["pid"])
        second = program.eventually { collectors(program).find { |collector| collector["pid"] != first["pid"] } }
        report
        program.eventually { stored(program) == 2 }
        program.signal(:TERM)
        program.wait
        program.eventually(10) { !running?(second["pid"]) }
      end
    end

    it "ends when its worker is killed, and writes before that what it has", timeout: 240 do
      Program.run(["puma", "-t", "1:3", "-b", "tcp://127.0.0.1:#{web_port}", "config.ru"], in_process, chdir: host) do |program|
        helper = program.eventually { collectors(program).first }["pid"]
        Process.kill(:STOP, helper)
        5.times { report }
        Process.kill(:KILL, program.pid)
        Process.kill(:CONT, helper)
        program.eventually(20) { !running?(helper) }
      end
      rows = SQLite3::Database.new(@env["HEAP_PERISCOPE_UI_DATABASE"]).get_first_value("SELECT COUNT(*) FROM heap_periscope_ui_samples")
      expect(rows).to eq(5)
    end
  end

  it "a single Puma hands over to a process of its own once much arrives, and loses nothing by it", timeout: 120 do
    Program.run(["puma", "-t", "1:3", "-b", "tcp://127.0.0.1:#{web_port}", "config.ru"], env, chdir: host) do |program|
      expect(program.eventually { collectors(program).first }["pid"]).to eq(program.pid)
      sent = 0
      helper = program.eventually do
        sent += 50.times { report } # fast enough where the answer takes a second
        collectors(program).find { |collector| collector["pid"] != program.pid }
      end
      30.times { report }
      program.eventually { stored(program) == sent + 30 }
      expect(program.output).to include("in process #{helper["pid"]}")
      expect(program.json("http://127.0.0.1:#{web_port}/heap_periscope/api/v1/processes")["processes"].size).to eq(1)
    end
  end

  it "a single Puma collects" do
    Program.run(["puma", "-t", "1:3", "-b", "tcp://127.0.0.1:#{web_port}", "config.ru"], env, chdir: host) do |program|
      expect(program.eventually { collectors(program).first }["pid"]).to eq(program.pid)
      report
      program.eventually { stored(program) == 1 }
    end
  end

  it "a program that is no server does not" do
    script = "load 'config.ru' rescue NameError; sleep 2; puts HeapPeriscopeUi::Collector.running?.inspect"
    script = "def run(*) = nil; #{script}"
    Program.run([RbConfig.ruby, "-e", script], env, chdir: host) do |program|
      program.wait
      expect(program.output).to include("false")
      expect(File.exist?(@env["HEAP_PERISCOPE_UI_DATABASE"])).to be(false)
    end
  end
end
