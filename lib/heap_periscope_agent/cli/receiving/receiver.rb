# frozen_string_literal: true

require "socket"
require_relative "datagram"
require_relative "../command"
require_relative "port_owner"

module HeapPeriscopeAgent
  module CLI
    # Takes datagrams from a UDP port. Nothing is ever sent back.
    class Receiver
      MAX_BYTES = 65_535
      BUFFER_BYTES = 4 * 1024 * 1024
      # So that a flood cannot keep the view from being drawn
      MAX_AT_ONCE = 500
      private_constant :MAX_BYTES, :BUFFER_BYTES, :MAX_AT_ONCE

      # @return [Integer] the port it listens on
      attr_reader :port
      # @return [Integer] datagrams that were no reports of ours
      attr_reader :refused
      # @return [String, nil] why the last of them was refused
      attr_reader :last_refusal

      # @param host [String] a name may stand for several addresses, all are listened on
      # @param port [Integer] 0 lets the system choose one
      # @param signature [Signature, nil] without one, unsigned datagrams are taken, and only from the own machine
      # @param unsigned [Boolean] take unsigned datagrams from everywhere
      # @raise [Failure] when the port cannot be had
      def initialize(host, port, signature: nil, unsigned: false)
        @host = host
        @signature = signature
        @refused = 0
        addresses = resolve(host, port)
        refuse_public(addresses) unless signature || unsigned
        @sockets = open_all(addresses)
        @port = @sockets.first.local_address.ip_port
      end

      # @return [String] "127.0.0.1:9000"
      def description = @host.include?(":") ? "[#{@host}]:#{port}" : "#{@host}:#{port}"

      # @return [Array<Socket>] to wait on
      def ios = @sockets

      # @yieldparam datagram [Datagram] each one that has come in, up to a bound
      # @return [void]
      def each_waiting(&block)
        @sockets.each { |socket| drain(socket, &block) }
      end

      def close = @sockets.each(&:close)

      private

      def resolve(host, port)
        Addrinfo.getaddrinfo(host, port, nil, :DGRAM, nil, Socket::AI_PASSIVE).uniq(&:ip_address)
      rescue SocketError => e
        raise Failure, "#{Text.clean(host)} does not resolve: #{e.message}"
      end

      def refuse_public(addresses)
        open = addresses.reject { |address| address.ipv4_loopback? || address.ipv6_loopback? }
        return if open.empty?

        raise UsageError, "#{open.first.ip_address} can be reached by other machines: give --secret-env VARIABLE, " \
                          "or --allow-unsigned to believe everybody"
      end

      def open_all(addresses)
        failures = []
        sockets = addresses.filter_map do |address|
          open_one(address)
        rescue Errno::EADDRNOTAVAIL, Errno::EAFNOSUPPORT => e
          failures << e # a name may stand for an address this machine does not have
          nil
        end
        sockets.empty? ? raise(Failure, "cannot listen on #{@host}: #{failures.first.message}") : sockets
      end

      def open_one(address)
        socket = Socket.new(address.afamily, :DGRAM)
        socket.setsockopt(:SOCKET, :RCVBUF, BUFFER_BYTES)
        socket.bind(address)
        socket
      rescue SystemCallError => e
        socket&.close
        raise if e.is_a?(Errno::EADDRNOTAVAIL) || e.is_a?(Errno::EAFNOSUPPORT)

        raise Failure, reason(address, e)
      end

      def reason(address, error)
        place = "port #{address.ip_port} on #{address.ip_address}"
        case error
        when Errno::EADDRINUSE then "#{place} is taken by #{PortOwner.describe(address.ip_port)}"
        when Errno::EACCES then "#{place} may not be used by this user"
        else "#{place}: #{error.message}"
        end
      end

      def drain(socket)
        MAX_AT_ONCE.times do
          bytes, sender = socket.recvfrom_nonblock(MAX_BYTES, exception: false)
          break if bytes == :wait_readable

          datagram = admit(bytes, sender)
          yield datagram if datagram
        end
      rescue SystemCallError
        nil # an ICMP error for something nobody sent
      end

      def admit(bytes, sender)
        @signature&.verify(bytes)
        datagram = Datagram.parse(bytes, received_at: Time.now, from: sender.inspect_sockaddr)
        @signature&.admit(datagram)
        datagram
      rescue RefusedDatagram => e
        @refused += 1
        @last_refusal = e.message
        nil
      end
    end
  end
end
