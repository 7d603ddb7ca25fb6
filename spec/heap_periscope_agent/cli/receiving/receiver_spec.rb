# frozen_string_literal: true

require "heap_periscope_agent/cli/receiving/receiver"
require "heap_periscope_agent/cli/receiving/signature"
require_relative "../../../support/command_line"
require_relative "../../../support/reports"

RSpec.describe HeapPeriscopeAgent::CLI::Receiver do
  include Reports
  include CommandLine

  let(:secret) { "a secret of enough bytes" }

  def receive(receiver, count)
    received = []
    wait_for("#{count} datagrams") do
      receiver.each_waiting { |datagram| received << datagram }
      received.size + receiver.refused >= count
    end
    received
  end

  def listen(host = "127.0.0.1", port = 0, **options)
    receiver = described_class.new(host, port, **options)
    yield receiver
  ensure
    receiver&.close
  end

  it "takes reports and counts what is none" do
    listen do |receiver|
      hostile = ["", "\xFF" * 100, "[" * 60_000, JSON.generate("type" => "x"), "{" * 10, "\e]0;x\a"]
      send_to(receiver.port, snapshot, *hostile, gc_report(sequence: 2))
      expect(receive(receiver, 8).map(&:type)).to eq(%w[snapshot gc_profiler_report])
      expect(receiver).to have_attributes(refused: 6, last_refusal: "not JSON")
      expect(receiver.description).to eq("127.0.0.1:#{receiver.port}")
    end
  end

  it "takes the largest datagram there is" do
    listen do |receiver|
      report = snapshot({ filling: "x" * 60_000 })
      report[:payload][:filling] += "x" * (65_507 - JSON.generate(report).bytesize)
      send_to(receiver.port, report)
      expect(receive(receiver, 1).map { |one| JSON.generate(one.document).bytesize }).to eq([65_507])
    end
  end

  it "reads a flood in bounded helpings" do
    listen do |receiver|
      send_to(receiver.port, *Array.new(600) { |index| gc_report(sequence: index) })
      helping = 0
      receiver.each_waiting { helping += 1 }
      expect(helping).to be_between(1, 500)
    end
  end

  it "listens on every address of a name" do
    listen("localhost") do |receiver|
      send_to(receiver.port, snapshot)
      expect(receive(receiver, 1).size).to eq(1)
    end
  end

  describe "with a secret" do
    it "refuses what is not signed with it" do
      listen(signature: HeapPeriscopeAgent::CLI::Signature.new([secret])) do |receiver|
        send_to(receiver.port, snapshot, sign(snapshot, secret), sign(snapshot, secret), sign(snapshot, "x" * 16))
        expect(receive(receiver, 4).size).to eq(1)
        expect(receiver.refused).to eq(3)
      end
    end

    it "listens to other machines, which it does not do otherwise" do
      expect { listen("0.0.0.0") { nil } }
        .to raise_error(HeapPeriscopeAgent::CLI::UsageError,
                        /0\.0\.0\.0 can be reached by other machines: give --secret/)
      listen("0.0.0.0", signature: HeapPeriscopeAgent::CLI::Signature.new([secret])) { |one| expect(one.port).to be_positive }
      listen("0.0.0.0", unsigned: true) { |one| expect(one.port).to be_positive }
    end
  end

  it "says who has the port" do
    listen do |first|
      expect { listen("127.0.0.1", first.port) { nil } }.to raise_error(
        HeapPeriscopeAgent::CLI::Failure,
        /\Aport #{first.port} on 127\.0\.0\.1 is taken by process #{Process.pid} \(.*rspec/
      )
    end
  end

  it "says that a name does not resolve" do
    expect { listen("no-such-host.invalid") { nil } }
      .to raise_error(HeapPeriscopeAgent::CLI::Failure, /\Ano-such-host\.invalid does not resolve/)
  end

  it "says that an address is not of this machine" do
    expect { listen("192.0.2.1", 0, unsigned: true) { nil } }
      .to raise_error(HeapPeriscopeAgent::CLI::Failure, /\Acannot listen on 192\.0\.2\.1/)
  end
end
