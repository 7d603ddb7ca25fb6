# frozen_string_literal: true

require "socket"

module HeapPeriscopeUi
  module Collector
    # The sockets of one host and port, with a large receive buffer.
    class Sockets
      # Linux's, for which Ruby has no names: the option, and which of its figures counts the drops.
      SO_MEMINFO = 55
      MEMINFO_DROPS = 8

      # @return [Array<UDPSocket>]
      attr_reader :list

      # @param config [Configuration]
      # @param given [Array<UDPSocket>, nil] bound ones, of a collector that has ended
      # @raise [ConfigurationError] for an address that others can reach, without a secret
      # @raise [SystemCallError] Errno::EADDRINUSE when the port is taken
      # @raise [SocketError] for a name that is not known
      def initialize(config, given = nil)
        @asked = config.receive_buffer_bytes
        unless config.loopback? || config.secrets.any?
          raise ConfigurationError,
                "udp_host #{config.udp_host} can be reached by others, so a secret must be set: config.secret = …"
        end

        @list = given || (config.bound_sockets || []).map { |descriptor| UDPSocket.for_fd(descriptor) }
        open_all(config) if list.empty?
        describe(list.first)
      rescue StandardError
        close
        raise
      end

      # @return [Array<String>] like "127.0.0.1:9000"
      attr_reader :addresses
      # @return [Integer]
      attr_reader :port
      # @return [Integer] bytes of receive buffer asked for, and granted by the kernel
      attr_reader :asked, :granted

      # @return [Integer, nil] datagrams that the kernel has dropped since the socket was made; nil where it does not tell
      def drops(socket)
        return unless linux?

        socket.getsockopt(:SOCKET, SO_MEMINFO).data.unpack("L*")[MEMINFO_DROPS]
      rescue SystemCallError
        nil
      end

      def close
        list&.each { |socket| socket.close unless socket.closed? }
      end

      private

      def describe(first)
        @addresses = list.map { |socket| socket.local_address.inspect_sockaddr }
        @port = first.local_address.ip_port
        bytes = first.getsockopt(:SOCKET, :RCVBUF).int
        # Linux tells twice the figure, its own bookkeeping included.
        @granted = linux? ? bytes / 2 : bytes
      end

      def open_all(config)
        first = bind(config.udp_host, config.udp_port)
        return unless config.udp_ipv6 && first.local_address.ipv4_loopback?

        bind("::1", first.local_address.ip_port)
      rescue Errno::EADDRNOTAVAIL, Errno::EAFNOSUPPORT
        raise if list.empty? # without IPv6 on this machine, IPv4 alone
      end

      def bind(host, port)
        address = Addrinfo.udp(host, port)
        socket = UDPSocket.new(address.afamily)
        list << socket
        enlarge(socket)
        ask_for_drops(socket)
        socket.bind(address.ip_address, port)
        socket
      rescue Errno::EADDRNOTAVAIL, Errno::EAFNOSUPPORT
        list.delete(socket)&.close
        raise
      end

      # The forced size passes over the system's limit where this process may.
      def enlarge(socket)
        socket.setsockopt(:SOCKET, :RCVBUF, @asked)
        socket.setsockopt(:SOCKET, Socket::SO_RCVBUFFORCE, @asked) if defined?(Socket::SO_RCVBUFFORCE)
      rescue SystemCallError
        nil
      end

      # Makes the kernel tell, with the datagrams, how many it had to drop before them.
      def ask_for_drops(socket)
        socket.setsockopt(:SOCKET, Socket::SO_RXQ_OVFL, 1) if defined?(Socket::SO_RXQ_OVFL)
      rescue SystemCallError
        nil
      end

      def linux?
        RUBY_PLATFORM.include?("linux")
      end
    end
  end
end
