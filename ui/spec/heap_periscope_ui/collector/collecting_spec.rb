# frozen_string_literal: true

require_relative "../../ui_helper"

RSpec.describe HeapPeriscopeUi::Collector, :store do
  include_context "with its log kept"

  let(:config) { HeapPeriscopeUi.configuration.tap { |config| config.udp_port = 0 } }
  let(:sender) { UDPSocket.new }
  let(:members) { SampleData.members }

  around do |example|
    example.run
  ensure
    runners.each(&:stop)
    sender.close
  end

  def runners
    @runners ||= []
  end

  def start(config = self.config)
    runner = described_class::Runner.new(config: config, store: HeapPeriscopeUi.store, settle: false).start
    runners << runner
    runner.tap { |it| it.wait_until_collecting(20) }
  end

  def send_to(runner, *datagrams)
    datagrams.each do |datagram|
      sender.send(datagram.is_a?(Hash) ? JSON.generate(datagram) : datagram, 0, "127.0.0.1", runner.sockets.port)
    end
  end

  def eventually(seconds = 30)
    limit = Process.clock_gettime(Process::CLOCK_MONOTONIC) + seconds
    until (value = yield)
      raise "still not so after #{seconds} s" if Process.clock_gettime(Process::CLOCK_MONOTONIC) > limit

      sleep 0.05
    end
    value
  end

  def now
    HeapPeriscopeUi::Timestamps.now
  end

  it "stores what arrives, counts what it refuses by reason, and says both on the status page" do
    runner = start
    send_to(runner, *Array.new(20) { |i| SampleData.snapshot(members.first, i * 10, now) }, "rubbish", "x" * 60_000,
            JSON.generate(SampleData.snapshot(members.first, 0, now).merge("type" => "surprise")))
    eventually { HeapPeriscopeUi::Sample.count == 20 && runner.writer.counters.refused.values.sum == 3 }
    status = eventually do
      answer = HeapPeriscopeUi::StatusQuery.new.call
      answer if answer[:refused] == 3 && answer[:stored] == 20
    end

    expect(status[:collectors].first).to include(state: "collecting", alive: true, received: 23, kernel_dropped: 0, queue_dropped: 0,
                                                 receive_buffer_asked: config.receive_buffer_bytes)
    expect(status[:reasons].select { |row| row[:count].positive? }.to_h { |row| [row[:reason], row[:count]] })
      .to eq("not JSON" => 2, "unknown type" => 1)
  end

  it "tells the log of the first datagram refused for each reason, and nothing that a terminal obeys" do
    runner = start
    odd = SampleData.snapshot(members.first, 0, now)
    odd["payload"]["heap_pools"] = [{ "slot_bytes" => 40 }, { "slot_bytes" => -1 }]
    send_to(runner, "\e[31mrubbish", "more rubbish", JSON.generate(odd))
    eventually { runner.writer.counters.refused.values.sum == 3 }

    lines = log.string.lines.grep(/refused a datagram/)
    expect(lines).to contain_exactly(include('refused a datagram: not JSON: "\\e[31mrubbish"'),
                                     include('refused a datagram: number out of range, heap_pools[1].slot_bytes: "{\\"type'))
  end

  # @return [Array<String>] the loopback addresses a program can have here
  def loopback
    ["127.0.0.1", "::1"].select do |address|
      UDPSocket.open(Addrinfo.ip(address).afamily) { |socket| socket.bind(address, 0) }
    rescue Errno::EADDRNOTAVAIL, Errno::EAFNOSUPPORT
      false
    end
  end

  it "listens on every loopback address of this machine, IPv4 and IPv6 alike" do
    runner = start
    expect(runner.sockets.addresses).to eq(loopback.map { |address| Addrinfo.udp(address, runner.sockets.port).inspect_sockaddr })
    loopback.each_with_index do |address, i|
      UDPSocket.open(Addrinfo.ip(address).afamily) do |socket|
        socket.send(JSON.generate(SampleData.snapshot(members[i], 0, now)), 0, address, runner.sockets.port)
      end
    end
    eventually { HeapPeriscopeUi::Sample.count == loopback.size }
  end

  it "merges the parts of a report" do
    runner = start
    message = SampleData.snapshot(members.first, 0, now)
    classes = message["payload"]["living_objects_by_class"]
    first = message.merge("parts" => 2, "payload" => message["payload"].merge("living_objects_by_class" => classes.first(5).to_h))
    second = message.merge("type" => "snapshot_part", "part" => 2, "parts" => 2,
                           "payload" => { "living_objects_by_class" => classes.drop(5).to_h })
    send_to(runner, second, first)
    eventually { HeapPeriscopeUi::Sample.count == 1 }
    expect(HeapPeriscopeUi::ClassesQuery.new(HeapPeriscopeUi::ObservedProcess.first).call[:total]).to eq(classes.size)
    eventually { runner.writer.counters.stored == 2 }
  end

  it "stores at its end what has arrived" do
    runner = start
    200.times { |i| send_to(runner, SampleData.snapshot(members.first, i * 10, now)) }
    runner.stop
    expect(HeapPeriscopeUi::Sample.count).to eq(200)
  end

  it "says what collect_in and database take" do
    expect { HeapPeriscopeUi.configuration.collect_in = :ractor }
      .to raise_error(HeapPeriscopeUi::ConfigurationError, "collect_in must be :auto, :thread or :process, not :ractor")
    expect { HeapPeriscopeUi.configuration.database = 5 }.to raise_error(HeapPeriscopeUi::ConfigurationError, /a Hash as in database.yml or :host, not 5/)
  end

  it "stores the others of a batch when the database refuses one" do
    runner = start
    bad = SampleData.snapshot(members[1], 0, now)
    allow(HeapPeriscopeUi.store).to receive(:write).and_wrap_original do |original, messages|
      raise ActiveRecord::StatementInvalid, "no" if messages.any? { |message| message["process_id"] == bad["process_id"] }

      original.call(messages)
    end
    send_to(runner, SampleData.snapshot(members[0], 0, now), bad, SampleData.snapshot(members[2], 0, now))
    eventually { HeapPeriscopeUi::Sample.count == 2 && runner.writer.counters.failed == 1 }
  end

  it "says once that the port is taken, and has it within 10 s of it being free" do
    first = start
    config.udp_port = first.sockets.port
    second = described_class::Runner.new(config: config, store: HeapPeriscopeUi.store, settle: false).start
    runners << second
    eventually { second.state == :standing_by }
    sleep described_class::Runner::RETRY_S + 1
    expect(log.string.scan("is taken").size).to eq(1)

    first.stop
    freed = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    eventually { second.state == :collecting }
    expect(Process.clock_gettime(Process::CLOCK_MONOTONIC) - freed).to be < 10
    send_to(second, SampleData.snapshot(members.first, 0, now))
    eventually { HeapPeriscopeUi::Sample.count == 1 }
  end

  it "refuses an address that others can reach, without a secret" do
    config.udp_host = "0.0.0.0"
    runner = described_class::Runner.new(config: config, store: HeapPeriscopeUi.store, settle: false).start
    runners << runner
    eventually { runner.state == :refused }
    expect(log.string).to include("udp_host 0.0.0.0 can be reached by others, so a secret must be set")
  end

  it "binds such an address with a secret, and takes signed datagrams only" do
    config.udp_host = "0.0.0.0"
    config.secret = "a secret of some length"
    runner = start
    plain = SampleData.snapshot(members.first, 0, now)
    send_to(runner, plain, SampleData.signed(plain, "default", "a secret of some length"))
    eventually { HeapPeriscopeUi::Sample.count == 1 && runner.writer.counters.refused == { "no signature" => 1 } }
  end

  it "refuses what the collector before it has taken" do
    config.secret = "a secret of some length"
    datagram = SampleData.signed(SampleData.snapshot(members.first, 0, now), "default", "a secret of some length")
    first = start
    send_to(first, datagram)
    eventually { HeapPeriscopeUi::Sample.count == 1 }
    first.stop
    second = start
    send_to(second, datagram)
    eventually { second.writer.counters.refused == { "seen before" => 1 } }
    expect(HeapPeriscopeUi::Sample.count).to eq(1)
  end

  it "stays within bounded memory while a sender makes up a million class names" do
    config.names_limit = 5_000
    HeapPeriscopeUi.instance_variable_set(:@store, nil)
    store = HeapPeriscopeUi.store
    member = members.first
    template = SampleData.snapshot(member, 0, now).merge("payload" => { "gc_stats" => { "count" => 1 } })
    1_000.times do |i|
      template["payload"]["living_objects_by_class"] = Array.new(1_000) { |j| ["Made::Up#{(i * 1_000) + j}", { "count" => 1 }] }.to_h
      store.write(template.merge("sequence" => i + 1))
    end
    expect(HeapPeriscopeUi::Name.count).to be <= 5_001
    expect(store.names.cached).to be <= HeapPeriscopeUi::Store::Names::CACHE
    expect(store.notices.to_h[:names_over_limit]).to be >= 990_000
  end

  it "lets go of the port in a forked child, which does not keep it from others" do
    runner = described_class.start(config: config)
    runner.wait_until_collecting(20)
    port = runner.sockets.port
    reader, writer = IO.pipe
    child = fork do
      writer.puts(described_class.running?.inspect)
      writer.close
      sleep
    end
    writer.close
    expect(reader.read.strip).to eq("false")
    described_class.stop
    socket = UDPSocket.new
    expect { socket.bind("127.0.0.1", port) }.not_to raise_error
  ensure
    socket&.close
    described_class.stop
    child && Process.kill(:KILL, child) && Process.wait(child)
  end
end
