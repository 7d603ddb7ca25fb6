# frozen_string_literal: true

require "json"
require "tmpdir"
require "heap_periscope_agent/version"
require_relative "../../support/command_line"
require_relative "../../support/reports"

RSpec.describe "heap_periscope record" do
  include CommandLine
  include Reports

  around { |example| Dir.mktmpdir { |dir| Dir.chdir(dir) { example.run } } }

  def lines(path = "file") = File.readlines(path).map { |line| JSON.parse(line) }

  def record(*arguments, env: {})
    listening("record", *arguments, env: env) do |pid, port, _, err|
      yield pid, port
      [stop(pid, :INT).exitstatus, File.read(err)]
    end
  end

  it "writes what arrives as lines of JSON at once, and says how much that was when it is stopped" do
    first = snapshot(name: "näm\e[31m")
    status, err = record("file") do |_, port|
      send_to(port, first, gc_report(sequence: 3), "no report", original_snapshot)
      wait_for("three lines") { File.exist?("file") && lines.size == 3 }
    end
    expect(lines.map { |line| line["datagram"] }.first).to eq(received(first))
    expect(lines).to all(match("received_at" => /\A\d{4}-\d\d-\d\dT[\d:]+\.\d{3}Z\z/, "from" => /\A127\.0\.0\.1:\d+\z/,
                               "datagram" => Hash))
    expect(status).to eq(0)
    expect(err).to match(/record: 3 datagrams from 2 processes in \d+\.\d s, lost 1, refused 1$/)
  end

  it "ends by itself after the time it was given" do
    expect(heap_periscope("record", "--port", "0", "--seconds", "0.1", "file"))
      .to match(["", /0 datagrams from 0 processes in 0\.\d s, lost 0$/, 0])
  end

  it "makes a pprof profile of the sites it is told of, summed up over the snapshots" do
    sites = { allocation_sites: [{ class_name: "Hash", path: "app/cart.rb", line: 41, method: "Cart#add", objects: 1200,
                                   stack: ["app/cart.rb:41 in Cart#add", "bin/shop:3 in <main>"] }],
              retained_sites: [{ class_name: "Hash", path: "app/cart.rb", line: 41, method: "Cart#add", objects: 30, bytes: 1200 }] }
    status, err = record("--pprof", "file") do |_, port|
      send_to(port, snapshot(sites), snapshot(sites, sequence: 2), snapshot({ allocation_sites: [7, { class_name: 3 }] }, sequence: 3))
      sleep 0.3
    end
    raw = IO.popen(%w[go tool pprof -raw file], err: File::NULL, &:read)
    expect([status, err]).to match([0, /3 datagrams/])
    expect(raw).to match(/2400\s+0\s+0: 1 2/).and match(/0\s+30\s+1200: /)
    expect(raw).to include("Cart#add app/cart.rb:41", "class:[Hash]", "process:[Shop 4711]")
    expect(heap_periscope("record", "--append", "--pprof", "other")).to match(["", /cannot be added to/, 2])
  end

  it "takes signed reports only when it has a secret" do
    _, err = record("--secret-env", "S", "file", env: { "S" => "0123456789abcdef" }) do |_, port|
      send_to(port, snapshot, sign(snapshot, "0123456789abcdef"))
      wait_for("a line") { File.exist?("file") && lines.size == 1 }
    end
    expect(err).to include("1 datagram from 1 process in").and include("refused 1")
  end

  it "leaves a file that exists alone, unless it is to add to it" do
    File.write("file", "mine\n")
    expect(heap_periscope("record", "--port", "0", "file")).to match(["", /file is there already: give --append/, 2])
    heap_periscope("record", "--port", "0", "--seconds", "0.1", "--append", "file")
    expect(File.read("file")).to eq("mine\n")
  end

  {
    [] => /give the one file to write, not 0/,
    %w[a b] => /give the one file to write, not 2/,
    %w[--seconds 0 a] => /--seconds takes a number above 0/,
    %w[--secret-env NOT_SET a] => /the variable NOT_SET is not set/,
    %w[--host 0.0.0.0 a] => /can be reached by other machines/
  }.each do |arguments, message|
    it "refuses #{arguments.join(" ").inspect}" do
      expect(heap_periscope("record", *arguments)).to match(["", message, 2])
    end
  end

  it "says why a file cannot be written" do
    expect(heap_periscope("record", "--port", "0", "no/such/folder"))
      .to match(["", /folder cannot be written: No such file or directory/, 1])
  end
end
