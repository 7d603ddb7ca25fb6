# frozen_string_literal: true

require "English"
require "fileutils"
require "json"
require "socket"
require "tmpdir"
require "heap_periscope_agent/version"
require_relative "../support/command_line"

# The command, the native extension and programs that know nothing of it.
RSpec.describe "heap_periscope run, end to end" do
  include CommandLine

  # What comes to a port while the block runs.
  def reports
    socket = UDPSocket.new
    socket.bind("127.0.0.1", 0)
    socket.setsockopt(:SOCKET, :RCVBUF, 4 * 1024 * 1024)
    arrived = Queue.new
    thread = Thread.new { loop { arrived << JSON.parse(socket.recv(65_535)) } }
    thread.report_on_exception = false
    @arrived = []
    @queue = arrived
    yield socket.local_address.ip_port
    wait_for("the last reports") { socket.wait_readable(0.1).nil? }
    seen
  ensure
    thread&.kill&.join
    socket&.close
  end

  # @return [Array<Hash>] all reports up to now
  def seen
    @arrived << @queue.pop until @queue.empty?
    @arrived
  end

  def run(port, *command, env: {}, options: [])
    heap_periscope("run", "--port", port.to_s, "--interval", "0.3", *options, "--", *command, env: env)
  end

  work = "r = []; t = Time.now; (r << 'x' * 50; r.clear if r.size > 10_000) while Time.now - t < 2"

  it "reports a program that goes on as if it were alone" do
    all = reports do |port|
      result = run(port, RbConfig.ruby, "-e", "p ARGV; #{work}; puts $stdin.read.upcase; exit 3", "a", "b c")
      expect(result).to eq([%(["a", "b c"]\n\n), "", 3])
    end
    expect(all.map { |one| one["type"] }).to include("snapshot", "gc_profiler_report", "goodbye")
    expect(all.map { |one| one["service_name"] }.uniq).to eq(["-e"])
    expect(all.map { |one| one["sequence"] }).to eq((1..all.size).to_a)
    expect(all.last).to include("type" => "goodbye", "payload" => { "reason" => "exit" })
  end

  it "passes on stdin and an exception's status, and does not add to stderr" do
    reports do |port|
      out, err, status = heap_periscope("run", "--port", port.to_s, "--", RbConfig.ruby, "-e",
                                        "puts $stdin.read; abort 'bye'", stdin: "given")
      expect([out, err, status]).to eq(["given\n", "bye\n", 1])
    end
  end

  it "passes on signals to the program, which is the same process" do
    reports do |port|
      script = "trap(:TERM) { puts 'asked to stop'; exit 5 }; puts $$; $stdout.flush; sleep"
      command = [RbConfig.ruby, CommandLine::EXECUTABLE, "run", "--port", port.to_s, "--", RbConfig.ruby, "-e", script]
      IO.popen(command) do |pipe|
        expect(pipe.gets.to_i).to eq(pipe.pid)
        Process.kill(:TERM, pipe.pid)
        expect(pipe.read).to eq("asked to stop\n")
      end
      expect($CHILD_STATUS.exitstatus).to eq(5)
    end
  end

  it "ends by a signal that the program does not handle" do
    reports do |port|
      command = [RbConfig.ruby, CommandLine::EXECUTABLE, "run", "--port", port.to_s, "--", RbConfig.ruby, "-e",
                 "puts 1; $stdout.flush; sleep"]
      IO.popen(command) { |pipe| pipe.gets && Process.kill(:KILL, pipe.pid) }
      expect($CHILD_STATUS.termsig).to eq(9)
    end
  end

  it "tells the census by class when asked to" do
    all = reports do |port|
      script = "class Kept; end; K = Array.new(500) { Kept.new }; sleep 1"
      run(port, RbConfig.ruby, "-e", script, options: %w[--detailed 500])
    end
    classes = all.filter_map { |one| one.dig("payload", "living_objects_by_class") }
    expect(classes.last["Kept"]).to include("count" => 500, "is_platform_class" => false)
  end

  it "signs what it sends with the secret of a variable" do
    all = reports do |port|
      run(port, RbConfig.ruby, "-e", "sleep 0.5", env: { "S" => "0123456789abcdef" },
                                                  options: %w[--secret-from-env S --key-id k7])
    end
    expect(all).to all(include("key" => "k7", "signature" => /\A\h{64}\z/))
    expect(all).not_to be_empty
  end

  it "is recorded, signatures checked, and played back" do
    Dir.mktmpdir do |dir|
      file = File.join(dir, "recording")
      env = { "S" => "0123456789abcdef" }
      summary = nil
      listening("record", "--secret-env", "S", file, env: env) do |pid, port, _, err|
        script = "class Kept; end; K = Array.new(500) { Kept.new }; sleep 0.5"
        run(port, RbConfig.ruby, "-e", script, env: env, options: %w[--secret-from-env S --detailed 500])
        run(port, RbConfig.ruby, "-e", "sleep 0.2", env: { "S" => "another secret of ours" },
                                                    options: %w[--secret-from-env S])
        wait_for("the goodbye") { File.read(file).include?('"goodbye"') }
        stop(pid, :INT)
        summary = File.read(err)
      end
      expect(summary).to match(/ from 1 process in .* lost 0, refused [1-9]/)
      out, = heap_periscope("top", file)
      expect(out.lines.first).to match(/ report=snapshot service=-e pid=\d+ .* rss_bytes=\d+ live_slots=\d+ /)
      expect(out.lines.last).to match(/ report=goodbye .* reason=exit$/)
    end
  end

  describe "in a bundle that does not hold this gem" do
    around do |example|
      Dir.mktmpdir do |dir|
        Dir.chdir(dir) do
          File.write("Gemfile", "source 'https://rubygems.org'\ngem 'rake'\n")
          File.write("Rakefile", "task(:work) { #{work}; puts JSON rescue puts 'no JSON' }\n")
          example.run
        end
      end
    end

    it "reports a program run by Bundler, and loads nothing into it" do
      env = { "BUNDLE_GEMFILE" => File.expand_path("Gemfile"), "RUBYOPT" => nil }
      result = nil
      all = reports { |port| result = run(port, "bundle", "exec", "rake", "-s", "work", env: env) }
      expect(result).to eq(["no JSON\n", "", 0])
      expect(all.map { |one| one["service_name"] }.last).to eq("Rake")
    end
  end

  it "needs no RubyGems in the program" do
    all = reports { |port| expect(run(port, RbConfig.ruby, "--disable-gems", "-e", "sleep 0.5")).to eq(["", "", 0]) }
    expect(all.map { |one| one["type"] }).to include("snapshot")
  end

  it "warns of nothing in a program that runs with warnings on" do
    reports do |port|
      expect(run(port, RbConfig.ruby, "-w", "-e", "sleep 0.5", env: { "RUBYOPT" => nil })).to eq(["", "", 0])
    end
  end

  it "reports Ruby programs that the program starts as processes of their own" do
    all = reports { |port| run(port, RbConfig.ruby, "-e", "system(RbConfig.ruby, '-e', 'sleep 0.5'); sleep 0.2") }
    expect(all.map { |one| one["process_id"] }.uniq.size).to eq(2)
    expect(all.count { |one| one["type"] == "goodbye" }).to eq(2)
  end

  describe "with a program that requires the gem by itself" do
    around { |example| Dir.mktmpdir { |dir| Dir.chdir(dir) { example.run } } }

    # @param lib [String] the load path entry of the copy that is required
    def program(lib, script)
      reports do |port|
        @result = run(port, RbConfig.ruby, "-w", "-I", lib, "-e", script, env: { "RUBYOPT" => nil })
      end
    end

    it "keeps the agent that is there, also when the program has another copy of the gem" do
      FileUtils.cp_r(File.join(CommandLine::ROOT, "lib"), "copy")
      [File.join(CommandLine::ROOT, "lib"), File.expand_path("copy")].each do |lib|
        all = program(lib, <<~RUBY)
          require "heap_periscope_agent"
          HeapPeriscopeAgent.configure { |config| config.service_name = "mine" }
          p HeapPeriscopeAgent.running?, HeapPeriscopeAgent.method(:start).source_location.first.include?("/copy/")
          sleep 0.7
        RUBY
        expect(@result).to eq(["true\nfalse\n", "", 0])
        expect(all.map { |one| one["instance"] }.uniq.size).to eq(1)
        expect(all.last["service_name"]).to eq("mine")
      end
    end

    it "puts the hooks into Rails that the program expects" do
      script = <<~RUBY
        $VERBOSE = nil
        require "rails"
        require "heap_periscope_agent"
        p Rails::Railtie.subclasses.map(&:name).include?("HeapPeriscopeAgent::Railtie")
      RUBY
      program(File.join(CommandLine::ROOT, "lib"), script)
      expect(@result).to eq(["true\n", "", 0])
    end
  end

  it "takes one line on stderr when the agent cannot be loaded, and runs the program" do
    env = { "HEAP_PERISCOPE_RUN_ABI" => "ruby 1.8.0 vax" }
    autostart = File.join(CommandLine::ROOT, "lib/heap_periscope_agent/autostart")
    out, err, status = Open3.capture3(env, RbConfig.ruby, "-r", autostart, "-e", "puts 1")
    expect([out, err.lines.size, status.exitstatus]).to eq(["1\n", 1, 0])
    expect(err).to match(/\A\[HeapPeriscopeAgent\] not started: this is ruby .*, .* compiled for ruby 1\.8\.0 vax$/)
  end

  it "logs a wrong variable once where the program is started without the command" do
    env = { "HEAP_PERISCOPE_CENSUS_SLICE_MS" => "long", "HEAP_PERISCOPE_PORT" => "1" }
    autostart = File.join(CommandLine::ROOT, "lib/heap_periscope_agent/autostart")
    out, err, status = Open3.capture3(env, RbConfig.ruby, "-r", autostart, "-e", "puts 1")
    expect([out, status.exitstatus]).to eq(["1\n", 0])
    expect(err.lines.grep(/HEAP_PERISCOPE_CENSUS_SLICE_MS cannot be "long"/).size).to eq(1)
  end
end
