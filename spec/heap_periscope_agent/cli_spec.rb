# frozen_string_literal: true

require "heap_periscope_agent/cli"
require_relative "../support/command_line"

RSpec.describe HeapPeriscopeAgent::CLI do
  include CommandLine

  def start(*arguments)
    out = StringIO.new
    err = StringIO.new
    [described_class.start(arguments, out: out, err: err), out.string, err.string]
  end

  it "is an executable" do
    expect(heap_periscope("--version")).to eq(["heap_periscope #{HeapPeriscopeAgent::VERSION}\n", "", 0])
  end

  [%w[--help], %w[-h], %w[help]].each do |arguments|
    it "lists its commands for #{arguments.join}" do
      expect(start(*arguments)).to match([0, /^  run .*^  top .*^  record /m, ""])
    end
  end

  %w[run top record].each do |command|
    it "has --help and --version for #{command}" do
      expect(start(command, "--help")).to match([0, /\AUsage: heap_periscope #{command} /, ""])
      expect(start("help", command)).to eq(start(command, "--help"))
      expect(start(command, "--version")).to eq([0, "heap_periscope #{HeapPeriscopeAgent::VERSION}\n", ""])
    end

    it "knows which option of #{command} was meant" do
      expect(start(command, "--prot", "1")).to match([2, "", /there is no option --prot: did you mean --port\?/])
      expect(start(command, "--port")).to match([2, "", /missing argument: --port/])
    end
  end

  it "knows which command was meant" do
    expect(start("rnu")).to match([2, "", /there is no command rnu: did you mean run\?/])
    expect(start("recrod")).to match([2, "", /did you mean record\?/])
    expect(start("--hepl")).to match([2, "", /there is no option --hepl: did you mean --help\?/])
    expect(start("\e[31m")).to match([2, "", /there is no command \?\[31m\nTry/])
  end

  it "shows how it is used when nothing was asked for" do
    expect(start).to match([2, "", /\AUsage: heap_periscope COMMAND/])
  end

  it "does not mind a reader that has seen enough" do
    reader, writer = IO.pipe
    reader.close
    pid = Process.spawn(RbConfig.ruby, CommandLine::EXECUTABLE, "top", "--help", out: writer, err: File::NULL)
    expect(Process.wait2(pid).last.exitstatus).to eq(0)
  end
end
