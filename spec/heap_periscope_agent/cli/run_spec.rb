# frozen_string_literal: true

require "fileutils"
require "heap_periscope_agent/version"
require "tmpdir"
require_relative "../../support/command_line"

RSpec.describe "heap_periscope run" do
  include CommandLine

  def run(*arguments, env: {}) = heap_periscope("run", *arguments, env: env)

  # @return [Hash] the environment that the command got
  def environment(*options, env: {})
    out, err, status = run(*options, "--", "env", "-0", env: env)
    expect([err, status]).to eq(["", 0])
    out.split("\0").to_h { |pair| pair.split("=", 2) }
  end

  it "passes options on as variables and keeps what RUBYOPT held" do
    given = environment("--host", "localhost", "--port", "9100", "--interval", "0.5", "--service-name", "Till 3",
                        "--detailed", "50", "--sampling", "--set", "max-spans=7", "--secret-from-env", "THE_SECRET",
                        "--key-id", "k1", env: { "RUBYOPT" => "-W0", "THE_SECRET" => "0123456789abcdef" })
    expect(given).to include(
      "HEAP_PERISCOPE_HOST" => "localhost", "HEAP_PERISCOPE_PORT" => "9100", "HEAP_PERISCOPE_INTERVAL" => "0.5",
      "HEAP_PERISCOPE_SERVICE_NAME" => "Till 3", "HEAP_PERISCOPE_ENABLE_DETAILED_OBJECTS" => "true",
      "HEAP_PERISCOPE_DETAILED_OBJECTS_LIMIT" => "50", "HEAP_PERISCOPE_ENABLE_ALLOCATION_SAMPLING" => "true",
      "HEAP_PERISCOPE_MAX_SPANS" => "7", "HEAP_PERISCOPE_SECRET" => "0123456789abcdef",
      "HEAP_PERISCOPE_KEY_ID" => "k1", "HEAP_PERISCOPE_VERBOSE" => "false"
    )
    expect(given["RUBYOPT"]).to match(%r{(\A| )-W0 -r/.*/lib/heap_periscope_agent/autostart\z})
  end

  it "leaves the program's own variables in force where no option was given" do
    given = environment(env: { "HEAP_PERISCOPE_PORT" => "9300", "RUBYOPT" => nil })
    expect(given["HEAP_PERISCOPE_PORT"]).to eq("9300")
    expect(given["RUBYOPT"]).to start_with("-r/")
    expect(given["HEAP_PERISCOPE_VERBOSE"]).to eq("false")
    expect(environment("--verbose")["HEAP_PERISCOPE_VERBOSE"]).to eq("true")
    expect(environment(env: { "HEAP_PERISCOPE_VERBOSE" => "yes" })["HEAP_PERISCOPE_VERBOSE"]).to eq("yes")
  end

  it "samples allocations unless told otherwise, by option, by variable or by --set" do
    sampling = "HEAP_PERISCOPE_ENABLE_ALLOCATION_SAMPLING"
    expect(environment[sampling]).to eq("true")
    expect(environment("--no-sampling")[sampling]).to eq("false")
    expect(environment("--set", "enable-allocation-sampling=off")[sampling]).to eq("off")
    expect(environment(env: { sampling => "no" })[sampling]).to eq("no")
    expect(environment("--sampling", env: { sampling => "no" })[sampling]).to eq("true")
  end

  {
    %w[--port 70000] => /--port cannot be "70000": give a whole number from 1 to 65535/,
    %w[--interval 0] => /--interval cannot be "0": give a number of seconds from 0\.01/,
    %w[--host] + ["a b"] => /--host cannot be "a b"/,
    %w[--detailed none] => /--detailed-objects-limit cannot be "none"|--detailed/,
    %w[--set intervall=1] => /there is no option intervall: did you mean interval\?/,
    %w[--set interval] => /--set takes OPTION=VALUE, not interval/,
    %w[--set logger=x] => /logger cannot be given as text/,
    %w[--secret-from-env NOT_SET] => /the variable NOT_SET is not set/
  }.each do |options, message|
    it "refuses #{options.join(" ")}" do
      expect(run(*options, "--", "true")).to match(["", message, 2])
    end
  end

  it "refuses a variable that was wrong before" do
    expect(run("--", "true", env: { "HEAP_PERISCOPE_INTERVAL" => "0" }))
      .to match(["", /HEAP_PERISCOPE_INTERVAL cannot be "0"/, 2])
    expect(run("--", "true",
               env: { "HEAP_PERISCOPE_PROT" => "1" })).to match(["", /did you mean HEAP_PERISCOPE_PORT\?/, 2])
    expect(run("--interval", "1", "--", "true", env: { "HEAP_PERISCOPE_INTERVAL" => "0" })).to eq(["", "", 0])
  end

  it "does not show a secret that is too short" do
    out, err, status = run("--secret-from-env", "S", "--", "true", env: { "S" => "hunter2" })
    expect([out, status, err]).to match(["", 2, /secret.* cannot be a value of 7 bytes/])
    expect(err).not_to include("hunter2")
  end

  it "asks for a command" do
    expect(run).to match(["", /there is no command to run/, 2])
    expect(run("--port", "9000", "--")).to match(["", /there is no command to run/, 2])
  end

  it "ends with 127 and 126 as a shell does when the command is not there or no program" do
    expect(run("--", "no-such-command-here")).to match(["", /no-such-command-here: command not found/, 127])
    expect(run("--", "/no/such/file")).to match(["", /not found/, 127])
    expect(run("--", "/etc/passwd/x")).to match(["", /not found/, 127])
    Dir.mktmpdir { |dir| expect(run("--", dir)).to match(["", /cannot be executed: /, 126]) }
  end

  it "says so when it is installed where RUBYOPT cannot reach" do
    Dir.mktmpdir do |dir|
      copy = File.join(dir, "with a blank")
      Dir.mkdir(copy)
      %w[exe lib].each { |folder| FileUtils.cp_r(File.join(CommandLine::ROOT, folder), copy) }
      executable = File.join(copy, "exe/heap_periscope")
      out, err, status = Open3.capture3({ "RUBYOPT" => nil }, RbConfig.ruby, executable, "run", "--", "true")
      expect([out, status.exitstatus]).to eq(["", 1])
      expect(err).to match(/installed in .*with a blank.* and RUBYOPT cannot hold a path with blanks/)
    end
  end

  it "gives the command its arguments untouched, options and blanks included" do
    arguments = ["--port", "$HOME *", "", "a\nb", "--"]
    out, = run("printf", "%s\\0", *arguments)
    expect(out.split("\0", -1)).to eq([*arguments, ""])
  end
end
