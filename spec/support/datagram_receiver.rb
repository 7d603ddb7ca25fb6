# frozen_string_literal: true

require "json"
require "socket"

# Listens on a free UDP port of loopback and keeps every datagram it gets, as it came and parsed by Ruby's own JSON, which shares no
# code with the yajl that wrote it. A thread empties the socket, whose buffer is small for what a Rails cluster sends.
class DatagramReceiver
  SUMMED = %w[calls errors allocated_objects wall_ms].freeze
  private_constant :SUMMED

  attr_reader :port

  def initialize(address = "127.0.0.1")
    @socket = UDPSocket.new(address.include?(":") ? Socket::AF_INET6 : Socket::AF_INET)
    @socket.setsockopt(Socket::SOL_SOCKET, Socket::SO_RCVBUF, 4_000_000)
    @socket.bind(address, 0)
    @port = @socket.addr[1]
    @datagrams = []
    @parsed = {}
    @lock = Mutex.new
    @thread = Thread.new { datagrams while @socket.wait_readable }
  end

  def self.open(*arguments)
    receiver = new(*arguments)
    yield receiver
  ensure
    receiver&.close
  end

  def close
    @thread.kill.join
    @socket.close
  end

  # @return [Array<String>] all datagrams so far, as they came
  def datagrams
    @lock.synchronize { receive }
  end

  # @return [Array<Hash>] the same, parsed
  def reports
    datagrams.map { |datagram| @parsed[datagram] ||= JSON.parse(datagram) }
  end

  # @param type [String, nil]
  # @param pid [Integer, nil]
  # @return [Array<Hash>]
  def of(type: nil, pid: nil)
    reports.select { |report| (!type || report["type"] == type) && (!pid || report["process_id"] == pid) }
  end

  # What all reports (of one process) said about spans, summed by type and name.
  # @return [Hash{Array(String, String) => Hash}]
  def spans(pid: nil)
    of(pid: pid).each_with_object({}) do |report, sums|
      (report.dig("payload", "living_objects_by_spans") || {}).each do |type, entries|
        entries.each { |entry| add_span(sums, [type, entry.fetch("name")], entry) }
      end
    end
  end

  # Waits until the block, given all reports so far, answers something true, and returns that.
  def wait(seconds = 60, what: "what was waited for")
    deadline = now + seconds
    loop do
      found = yield reports
      return found if found
      raise "#{what} did not come within #{seconds} s; got #{summary}" if now > deadline

      sleep 0.02
    end
  end

  # Waits for a report of a type.
  # @return [Hash] the first
  def await(type, pid: nil, count: 1)
    wait(what: "#{count} #{type}") do
      found = of(type: type, pid: pid)
      found[count - 1] if found.size >= count
    end
  end

  def forget
    datagrams
    @lock.synchronize { @datagrams.clear }
  end

  private

  def receive
    loop { @datagrams << @socket.recv_nonblock(65_535) }
  rescue IO::WaitReadable, IOError
    @datagrams.dup
  end

  def add_span(sums, key, entry)
    sum = sums[key] ||= SUMMED.to_h { |figure| [figure, 0] }
    SUMMED.each { |figure| sum[figure] += entry.fetch(figure) }
    sum.merge!(entry.slice("live_objects", "measured_at").compact)
  end

  def summary
    reports.map { |report| report.values_at("service_name", "process_id", "type").join(" ") }.tally
  end

  def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
end
