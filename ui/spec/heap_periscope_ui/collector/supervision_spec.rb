# frozen_string_literal: true

require_relative "../../ui_helper"

# What the collector does when it cannot write, or when something of ours is wrong.
RSpec.describe "A collector in trouble", :store do
  include_context "with its log kept"

  let(:config) { HeapPeriscopeUi.configuration.tap { |config| config.udp_port = 0 } }
  let(:store) { HeapPeriscopeUi.store }
  let(:sender) { UDPSocket.new }
  let(:runner) { HeapPeriscopeUi::Collector::Runner.new(config: config, store: store, settle: false).start }
  let(:members) { SampleData.members }

  around do |example|
    example.run
  ensure
    runner.stop
    HeapPeriscopeUi::Collector.instance_variable_set(:@runner, nil)
    sender.close
  end

  before do
    stub_const("HeapPeriscopeUi::Collector::Trouble::PAUSES_S", [0.1, 0.2, 0.4])
    HeapPeriscopeUi::Collector.instance_variable_set(:@runner, runner)
    runner.wait_until_collecting(20)
  end

  def report(count = 1)
    count.times { |i| sender.send(JSON.generate(SampleData.snapshot(members.first, i * 10, HeapPeriscopeUi::Timestamps.now)), 0, "127.0.0.1", port) }
  end

  def port
    @port ||= runner.sockets.port
  end

  def eventually(seconds = 30)
    limit = Process.clock_gettime(Process::CLOCK_MONOTONIC) + seconds
    until (value = yield)
      raise "still not so after #{seconds} s:\n#{log.string}" if Process.clock_gettime(Process::CLOCK_MONOTONIC) > limit

      sleep 0.05
    end
    value
  end

  # Nothing can be stored while the block runs.
  def without_store(error)
    allow(HeapPeriscopeUi::Store::Connection).to receive(:with).and_raise(error)
    allow(HeapPeriscopeUi::Store::Connection).to receive(:ready!).and_raise(error)
    yield
  ensure
    %i[with ready!].each { |name| allow(HeapPeriscopeUi::Store::Connection).to receive(name).and_call_original }
  end

  [Errno::EROFS.new("storage"), ThreadError.new("can't create Thread"), NoMemoryError.new("failed to allocate memory"),
   ActiveRecord::StatementInvalid.new("SQLite3::FullException: database or disk is full"), NotImplementedError.new("x"),
   HeapPeriscopeUi::ConfigurationError.new("the tables are missing")].each do |error|
    it "waits for the store after #{error.class}, says so, and stores what came meanwhile" do
      without_store(error) do
        report(5)
        eventually { runner.describe[:errors].to_i >= 3 }
        expect(runner.describe).to include(state: "collecting", last_error: include(error.message), failing_since: Integer)
      end
      eventually { HeapPeriscopeUi::Sample.count == 5 }
      status = eventually { JSON.parse(UiApp.get("/api/v1/status").body)["collectors"].find { |row| row["stored"] == 5 } }
      expect(status).to include("errors" => be >= 3, "failing_since" => nil, "last_error" => include(error.message))
      expect(log.string.scan("could not write").size).to be <= 4
    end
  end

  it "says so instead of every page while the store cannot be used at all" do
    without_store(Errno::EROFS.new("storage")) do
      report
      eventually { runner.describe[:failing_since] }
      answer = UiApp.get("/api/v1/status")
      expect(answer.status).to eq(503)
      expect(JSON.parse(answer.body)).to include("error" => include("Read-only file system"),
                                                 "collector" => include("state" => "collecting", "last_error" => include("Read-only file system")))
      expect([UiApp.get("/status").status, UiApp.get("/").body]).to match([503, include("The store cannot be used")])
    end
  end

  it "says on the status page while only reading works" do
    allow(store).to receive_messages(writable?: false)
    allow(store).to receive(:write).and_raise(ActiveRecord::StatementInvalid, "attempt to write a readonly database")
    report
    eventually { runner.describe[:failing_since] }
    row = JSON.parse(UiApp.get("/api/v1/status").body)["collectors"].find { |one| one["pid"] == Process.pid && one["alive"] }
    expect(row).to include("state" => "collecting", "last_error" => include("readonly database"), "failing_since" => Integer)
    expect(UiApp.get("/status").body).to match(/cannot write.*readonly database/m)
  end

  it "goes on after a fault in the housekeeping, in its own report and in reading a datagram" do
    broken = 3
    fault = -> { (broken -= 1).negative? ? nil : raise(NoMethodError, "a fault") }
    allow_any_instance_of(HeapPeriscopeUi::Store::Housekeeper).to receive(:step) { fault.call }
    allow_any_instance_of(HeapPeriscopeUi::Collector::StatusReport).to receive(:write) { fault.call }
    allow(HeapPeriscopeUi::Collector::MessageSchema).to receive(:take).and_wrap_original do |original, message|
      fault.call
      original.call(message)
    end
    eventually { report && HeapPeriscopeUi::Sample.any? }
    expect(runner.describe[:errors]).to eq(3)
  end

  it "keeps what waits within a bound of bytes, and counts the rest" do
    inbox = HeapPeriscopeUi::Collector::Inbox.new(1_000_000)
    datagram = "x" * 50_000
    2_000.times { inbox.push([datagram], 0) }
    expect(inbox.size * 50_000).to be_between(60_000_000, HeapPeriscopeUi::Collector::Inbox::BYTES)
    expect(inbox.dropped).to eq(2_000 - inbox.size)
    100_000.times { inbox.push([""], 0) } # what the interpreter keeps for each counts too
    expect(inbox.size).to be < 20_000
  end

  it "leaves the port to another process when it could not write for long, and tries for it again once it can" do
    stub_const("HeapPeriscopeUi::Collector::Trouble::LONG_S", 1)
    stub_const("HeapPeriscopeUi::Collector::Runner::RETRY_S", 0.3)
    config.udp_port = port
    without_store(Errno::ENOSPC.new("disk")) do
      report
      eventually { runner.state == :cannot_write }
      UDPSocket.open { |other| expect { other.bind("127.0.0.1", port) }.not_to raise_error }
      expect(log.string).to include("leaves the port to others")
      expect(runner.describe).to include(failed: 1, state: "cannot write")
    end
    eventually { runner.state == :collecting }
    report
    eventually { HeapPeriscopeUi::Sample.any? }
  end

  it "tries again after an error of the socket" do
    stub_const("HeapPeriscopeUi::Collector::Runner::RETRY_S", 0.2)
    config.udp_port = port
    allow(runner.receiver).to receive(:drain).and_raise(Errno::EIO)
    report
    eventually { runner.state == :standing_by }
    eventually { runner.state == :collecting }
  end

  # As in a container whose network comes up after its programs.
  it "collects once the name that it listens at is known" do
    stub_const("HeapPeriscopeUi::Collector::Runner::RETRY_S", 0.1)
    tries = 0
    allow(Addrinfo).to receive(:udp).and_wrap_original do |original, *address|
      (tries += 1) > 3 ? original.call(*address) : raise(SocketError, "getaddrinfo: Temporary failure in name resolution")
    end
    late = HeapPeriscopeUi::Collector::Runner.new(config: config.dup, store: store, settle: false).start
    expect(late.wait_until_collecting(20)).to be(true)
    expect(tries).to be > 3
    expect(log.string.scan("Temporary failure in name resolution").size).to eq(1)
  ensure
    late&.stop
  end
end
