# frozen_string_literal: true

require_relative "../../ui_helper"

RSpec.describe HeapPeriscopeUi::Collector::Succession, :store do
  let(:config) { HeapPeriscopeUi::Configuration.new.tap { |config| config.udp_port = 20_000 + (Process.pid % 10_000) } }
  let(:giver) { described_class::Giver.new(config).tap(&:tidy) }
  let(:heirs) { Array.new(3) { described_class::Heir.new(config) } }
  let(:sockets) { Array.new(2) { UDPSocket.new.tap { |socket| socket.bind("127.0.0.1", 0) } } }

  after { [giver, *heirs, *sockets].each(&:close) }

  # @return [Thread] whose value is what the heir got
  def waiting(heir, seconds = 10)
    giver
    heir.connect
    Thread.new { heir.wait(seconds) { |pause| sleep(pause) } }
  end

  it "gives all sockets, with what they hold, to one of those who stand by" do
    threads = heirs.map { |heir| waiting(heir) }
    port = sockets.first.local_address.ip_port
    UDPSocket.new.tap { |sender| sender.connect("127.0.0.1", port) }.write("held")
    expect(giver.give(sockets)).to be(true)
    sockets.each(&:close)
    giver.close
    given = threads.filter_map(&:value)
    expect(given.size).to eq(1)
    expect(given.first.map { |socket| socket.local_address.ip_port }).to include(port)
    expect(given.first.first.recv(10)).to eq("held")
    given.first.each(&:close)
  end

  it "passes over one that has gone, and one that does not answer" do
    gone, silent, good = heirs
    [gone, silent].each { |heir| giver && heir.connect }
    giver.tidy
    gone.close
    thread = waiting(good)
    expect(giver.give(sockets)).to be(true)
    expect(thread.value&.size).to eq(2)
    giver.close
    expect(silent.wait(5) { nil }).to be_nil # asked too late: nobody would send
  end

  it "gives nothing where nobody stands by" do
    expect(giver.give(sockets)).to be(false)
  end

  it "tells those who stand by at once when the other ends without" do
    thread = waiting(heirs.first, 60)
    giver.tidy
    giver.close
    expect(thread.join(5)).to eq(thread)
    expect(thread.value).to be_nil
  end

  it "lets a waiting one be called away" do
    thread = waiting(heirs.first, 60)
    heirs.first.leave
    expect(thread.join(5)&.value).to be_nil
    expect(thread).not_to be_alive
  end

  it "has nothing to do with another address, database or user", :aggregate_failures do
    giver
    other = config.dup.tap { |copy| copy.udp_host = "::1" }
    expect(described_class::Heir.new(other).connect).to be(false)
    allow(HeapPeriscopeUi::Store::Connection).to receive(:configuration_hash).and_return({ database: "elsewhere" })
    expect(heirs[0].connect).to be(false)
    allow(HeapPeriscopeUi::Store::Connection).to receive(:configuration_hash).and_call_original
    allow(described_class).to receive(:own?).and_return(false)
    expect(heirs[1].connect).to be(false)
  end

  it "has a name that tells nothing of the secrets" do
    names = ["a secret of sixteen bytes or more", "another secret of sixteen bytes or more"].map { |secret| described_class.name(config.dup.tap { |copy| copy.secret = secret }) }
    expect(names.uniq.size).to eq(1)
  end

  it "keeps no place for strangers, or for those who have gone" do
    allow(described_class).to receive(:own?).and_return(false)
    giver
    UNIXSocket.new(described_class.name(config)).then { |stranger| giver.tidy && stranger.close }
    allow(described_class).to receive(:own?).and_return(true)
    200.times { described_class::Heir.new(config).tap(&:connect).tap { giver.tidy }.close }
    giver.tidy
    thread = waiting(heirs.first)
    expect(giver.give(sockets)).to be(true)
    thread.value.each(&:close)
  end
end
