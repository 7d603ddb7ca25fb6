# frozen_string_literal: true

require "heap_periscope_agent"
require_relative "../support/watched_program"

RSpec.describe "reports that cannot be delivered" do
  # A port nobody listens on
  def closed_port
    UDPSocket.new.tap { |socket| socket.bind("127.0.0.1", 0) }.then { |socket| socket.addr[1].tap { socket.close } }
  end

  # @return [Hash] what the program printed with Marshal
  def run(script, **options)
    outcome = WatchedProgram.run!("$stdout.binmode\n#{script}", **options)
    [Marshal.load(outcome.out), outcome]
  end

  # A thread that does what an application does, and tells how long it was held up at worst.
  HEARTBEAT = <<~RUBY
    $longest = 0
    Thread.new do
      loop do
        before = clock
        sleep 0.002
        $longest = [$longest, clock - before].max
      end
    end
  RUBY

  it "are counted where nobody listens, and come through as soon as somebody does" do
    DatagramReceiver.open do |receiver|
      cost, outcome = run(<<~RUBY, port: closed_port, interval: 0.1)
        HeapPeriscopeAgent.start
        wait_until { HeapPeriscopeAgent.agent_cost[:datagrams_refused] >= 3 }
        HeapPeriscopeAgent.configure { |config| config.port = #{receiver.port} }
        wait_until { HeapPeriscopeAgent.agent_cost[:snapshots] >= 8 }
        print Marshal.dump(HeapPeriscopeAgent.agent_cost)
      RUBY
      expect(cost).to include(failures: 0, datagrams_dropped: 0)
      expect(outcome.err).to eq("")
      expect(receiver.of(type: "snapshot").size).to be >= 2
    end
  end

  it "are dropped and counted, and told once, where the host does not resolve" do
    cost, outcome = run(<<~RUBY, host: "no-such-host.invalid", interval: 0.1)
      #{HEARTBEAT}
      HeapPeriscopeAgent.start
      3.times { HeapPeriscopeAgent.report_once! and raise "was sent" }
      wait_until { HeapPeriscopeAgent.agent_cost[:datagrams_dropped] >= 10 }
      print Marshal.dump(HeapPeriscopeAgent.agent_cost.merge(longest: $longest))
    RUBY
    expect(cost).to include(failures: 0, datagrams_sent: 0)
    expect(outcome.err.scan("cannot send to no-such-host.invalid").size).to be <= 1
    expect(outcome.err.lines.grep_v(/no-such-host/)).to eq([])
  end

  it "hold nobody up while a name server hangs: not the program, its forks, nor its end" do
    plain = WatchedProgram.run!("print 1", port: 9).seconds
    script = <<~RUBY
      #{HEARTBEAT}
      HeapPeriscopeAgent.start
      wait_until { HeapPeriscopeAgent.agent_cost[:datagrams_dropped] >= 3 }
      before = clock
      forks = Array.new(3) { from = clock; Process.wait(fork { exit! }); clock - from }
      print Marshal.dump({ longest: $longest, forks: forks, cost: HeapPeriscopeAgent.agent_cost })
      at_exit { File.write(ENV["ENDED"], clock) }
      $ended = clock
    RUBY
    Dir.mktmpdir do |folder|
      figures, outcome = run(script, host: "slow.example", interval: 0.1, shim: :slow_names,
                                     env: { "SHIM_SECONDS" => "30", "ENDED" => File.join(folder, "ended") })
      left = Process.clock_gettime(Process::CLOCK_MONOTONIC) - File.read(File.join(folder, "ended")).to_f
      expect(outcome.seconds).to be < plain + 15
      expect(left).to be < 3 # our own exit handler and the end of the VM; the name would have taken 30
      expect(figures[:forks].min).to be < 0.5
      expect(figures[:longest]).to be < 2
      expect(figures[:cost]).to include(failures: 0, datagrams_sent: 0)
    end
  end

  it "are dropped and counted while the socket's buffer is full" do
    Dir.mktmpdir do |folder|
      DatagramReceiver.open do |receiver|
        cost, = run(<<~RUBY, receiver: receiver, interval: 0.1, shim: :no_sending, env: { "SHIM_FLAG" => File.join(folder, "full") })
          File.write(ENV["SHIM_FLAG"], "")
          HeapPeriscopeAgent.start
          raise "was sent" if HeapPeriscopeAgent.report_once!
          wait_until { HeapPeriscopeAgent.agent_cost[:datagrams_dropped] >= 3 }
          File.delete(ENV["SHIM_FLAG"])
          wait_until { HeapPeriscopeAgent.agent_cost[:datagrams_sent] >= 3 }
          print Marshal.dump(HeapPeriscopeAgent.agent_cost)
        RUBY
        expect(cost).to include(failures: 0)
        sequences = receiver.reports.map { |report| report["sequence"] }
        expect(sequences.first).to be > 3 # what was dropped shows as a gap
      end
    end
  end

  it "are dropped and counted, and told once, while the network is unreachable, and come through afterwards" do
    Dir.mktmpdir do |folder|
      DatagramReceiver.open do |receiver|
        flag = File.join(folder, "unreachable")
        cost, outcome = run(<<~RUBY, receiver: receiver, interval: 0.1, shim: :no_sending, env: { "SHIM_FLAG" => flag, "SHIM_UNREACHABLE" => "1" })
          #{HEARTBEAT}
          File.write(ENV["SHIM_FLAG"], "")
          HeapPeriscopeAgent.start
          wait_until { HeapPeriscopeAgent.agent_cost[:datagrams_dropped] >= 5 }
          File.delete(ENV["SHIM_FLAG"])
          wait_until { HeapPeriscopeAgent.agent_cost[:datagrams_sent] >= 3 }
          print Marshal.dump(HeapPeriscopeAgent.agent_cost.merge(longest: $longest))
        RUBY
        expect(cost).to include(failures: 0, longest: be < 2)
        expect(outcome.err.lines).to match([/unreachable/])
        expect(receiver.reports).not_to be_empty
      end
    end
  end

  it "never reach a connection of the program that got the number of a socket it closed" do
    DatagramReceiver.open do |receiver|
      read, = run(<<~RUBY, receiver: receiver, interval: 0.05)
        require "socket"
        HeapPeriscopeAgent.start
        wait_until { HeapPeriscopeAgent.agent_cost[:datagrams_sent] >= 2 }
        numbers = Dir.children("/proc/self/fd").map(&:to_i).select do |number|
          File.readlink("/proc/self/fd/\#{number}").start_with?("socket:")
        rescue Errno::ENOENT
          false
        end
        numbers.each { |number| IO.for_fd(number).close }
        mine, other = Socket.pair(:UNIX, :STREAM)
        raise "another number" unless ([mine, other].map(&:fileno) & numbers).any?
        before = HeapPeriscopeAgent.agent_cost[:datagrams_sent]
        wait_until { HeapPeriscopeAgent.agent_cost[:datagrams_sent] >= before + 3 }
        read = [mine, other].map { |socket| socket.read_nonblock(10, exception: false) }
        HeapPeriscopeAgent.stop
        mine.write("still mine")
        print Marshal.dump([read, other.readpartial(20)])
      RUBY
      expect(read).to eq([%i[wait_readable wait_readable], "still mine"])
    end
  end

  # A machine that is replaced, a container that moved: the old address may swallow what comes without a word.
  describe "to a name" do
    around do |example|
      Dir.mktmpdir { |folder| (@addresses = File.join(folder, "addresses")) && example.run }
    end

    # Sends to moving.example, first at 127.0.0.1, where a socket takes all and says nothing; then runs the script.
    def to_moving_name(receiver, script)
      swallowing = UDPSocket.new
      swallowing.bind("127.0.0.1", receiver.port)
      File.write(@addresses, "127.0.0.1")
      program = <<~RUBY
        addresses = ENV.fetch("SHIM_ADDRESSES")
        def sent = HeapPeriscopeAgent.agent_cost[:datagrams_sent]
        def some_more = sent.then { |before| wait_until { sent >= before + 10 } }
        HeapPeriscopeAgent::Testing.look_names_up_every(0.2)
        HeapPeriscopeAgent.start
        some_more
        #{script}
        print HeapPeriscopeAgent.agent_cost.values_at(:datagrams_refused, :failures).join(" ")
      RUBY
      WatchedProgram.run!(program, receiver: receiver, host: "moving.example", interval: 0.05, shim: :moving_name,
                                   env: { "SHIM_ADDRESSES" => @addresses }).out
    ensure
      swallowing&.close
    end

    it "follow it to its new address although the old one does not refuse them" do
      DatagramReceiver.open("127.0.0.2") do |receiver|
        expect(to_moving_name(receiver, 'File.write(addresses, "127.0.0.2"); some_more; some_more')).to eq("0 0")
        expect(receiver.of(type: "snapshot")).not_to be_empty
      end
    end

    it "stay where they are while the old address is one of several, and while nobody knows any" do
      DatagramReceiver.open("127.0.0.2") do |receiver|
        expect(to_moving_name(receiver, <<~RUBY)).to eq("0 0")
          File.write(addresses, "127.0.0.2 127.0.0.1")
          2.times { some_more }
          File.delete(addresses)
          2.times { some_more }
        RUBY
        expect(receiver.reports).to eq([])
      end
    end
  end

  it "go to IPv6 addresses and to names too" do
    [["::1", "::1"], ["localhost", nil]].each do |host, address|
      DatagramReceiver.open(*address) do |receiver|
        WatchedProgram.run!("HeapPeriscopeAgent.report_once! or raise", receiver: receiver, host: host)
        expect(receiver.await("snapshot")["sequence"]).to eq(1)
      rescue RuntimeError, Errno::EADDRNOTAVAIL
        raise if host == "::1" && File.exist?("/proc/net/if_inet6") && !File.empty?("/proc/net/if_inet6")
        raise if host == "localhost" && Addrinfo.getaddrinfo("localhost", 9).first.ipv4?
      end
    end
  end
end
