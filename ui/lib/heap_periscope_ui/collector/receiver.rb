# frozen_string_literal: true

module HeapPeriscopeUi
  module Collector
    # The one receive loop: drains the sockets into the inbox and does nothing else.
    class Receiver
      LARGEST = 65_535
      # Datagrams read in a row before they are handed over.
      BURST = 64
      # Read at the end of what the kernel still holds, so that a restart loses nothing and a flood does not hold it up.
      LAST_BURSTS = 64

      # Several datagrams are worth one wake-up: the kernel's buffer collects them for this long, or for as much less as it is
      # smaller than a flood of this many bytes a second.
      GATHER_S = 0.05
      FLOOD = 100 * 1024 * 1024

      # @return [Integer] datagrams received
      attr_reader :received

      # @param sockets [Sockets]
      # @param inbox [Inbox]
      def initialize(sockets, inbox)
        @sockets = sockets.list
        @inbox = inbox
        @gather = [GATHER_S, sockets.granted / FLOOD.to_f].min
        @received = 0
        @overflows = {}
        @earlier_drops = @sockets.sum { |socket| sockets.drops(socket).to_i } # of whoever had the sockets before
        @buffer = String.new(capacity: LARGEST)
        @wake, @waker = IO.pipe
      end

      # Runs until {#stop}, then reads what has arrived.
      def run
        watched = [*@sockets, @wake]
        until @stopped
          ready, = IO.select(watched)
          ready.each { |socket| drain(socket) unless socket == @wake }
          sleep(@gather)
        end
        read_the_rest
      rescue IOError, Errno::EBADF
        raise unless @stopped
      ensure
        [@wake, @waker].each(&:close)
      end

      def stop
        @stopped = true
        @waker.write_nonblock(".")
      rescue IOError, SystemCallError
        nil
      end

      # @return [Integer, nil] datagrams the kernel dropped because nobody read them in time; nil where it does not tell
      def kernel_dropped
        defined?(Socket::SO_RXQ_OVFL) ? [@overflows.values.sum - @earlier_drops, 0].max : nil
      end

      private

      # Twice: the second part of a report may be on its way when the first is read.
      def read_the_rest
        @sockets.each { |socket| LAST_BURSTS.times { break if take(socket) < BURST } }
        sleep(GATHER_S)
        @sockets.each { |socket| LAST_BURSTS.times { break if take(socket) < BURST } }
      end

      def drain(socket)
        nil until @stopped || take(socket) < BURST
      end

      # @return [Integer] datagrams
      def take(socket)
        batch = burst(socket)
        return 0 if batch.empty?

        @received += batch.size
        @inbox.push(batch, Timestamps.now)
        batch.size
      end

      # recvmsg tells what the kernel dropped, and costs five times as much as recv into one buffer: so the first of a burst is
      # read by the one, the rest by the other.
      def burst(socket)
        first = receive_with_drops(socket) or return []
        batch = [first]
        while batch.size < BURST && receive(socket)
          batch << (@buffer + "") # a copy of its own, as long as the datagram
        end
        batch
      end

      def receive(socket)
        result = socket.recv_nonblock(LARGEST, 0, @buffer, exception: false)
        result != :wait_readable && !result.nil?
      rescue Errno::ECONNREFUSED
        retry
      end

      def receive_with_drops(socket)
        data, _, _, *controls = socket.recvmsg_nonblock(LARGEST, 0, 128, exception: false)
        return if data == :wait_readable || data.nil?

        controls.each { |control| @overflows[socket] = control.data.unpack1("L") if overflow?(control) }
        data
      rescue Errno::ECONNREFUSED
        retry
      end

      def overflow?(control)
        defined?(Socket::SO_RXQ_OVFL) && control.level == Socket::SOL_SOCKET && control.type == Socket::SO_RXQ_OVFL
      end
    end
  end
end
