# frozen_string_literal: true

require "digest"
require "socket"

module HeapPeriscopeUi
  module Collector
    # How the sockets of a collector that ends get to a process of the same application that stands by. They are never closed on the
    # way, so the kernel keeps what arrives meanwhile. Both meet at a Unix socket without a file, which only Linux has; elsewhere the
    # one that stands by finds the port free at its next try.
    #
    # The one that ends asks "?", the one that stands by answers "!", then the sockets follow. Nothing is sent to one that does not
    # answer, so never do two processes read the same socket.
    module Succession
      QUESTION = "?"
      ANSWER = "!"
      ANSWER_S = 1

      # @return [Boolean]
      def self.possible?(config)
        RUBY_PLATFORM.include?("linux") && config.udp_port.positive?
      end

      # Processes with the same address to listen at and the same database have the same name. It holds no secret: everybody on the host can
      # read it, and a restart may be there to change them.
      # @return [String]
      def self.name(config)
        database = Store::Connection.configuration_hash.values_at(:database, :host, :port, :url)
        same = [config.udp_host, config.udp_port, database]
        "\0heap_periscope_ui-#{::Process.euid}-#{Digest::SHA256.hexdigest(same.inspect)}"
      end

      # @return [Boolean] whether the process at the other end is the same user's
      def self.own?(connection)
        connection.getpeereid.first == ::Process.euid
      end

      # Of the process that collects.
      class Giver
        HEIRS = 64

        # @param config [Configuration]
        def initialize(config)
          @config = config
          @heirs = []
        end

        # Takes those who have come to stand by, and forgets those who have gone. Called about every second.
        def tidy
          forget_gone
          return unless Succession.possible?(@config)

          @server ||= UNIXServer.new(Succession.name(@config))
          accept while @heirs.size < HEIRS
        rescue *MISHAPS
          nil # nobody waits; or one that ends just now still has the name; or the database, part of the name, is not there yet
        end

        # Gives the sockets to one of those who stand by.
        # @param list [Array<UDPSocket>]
        # @param patience [Numeric] seconds to wait for somebody to come
        # @return [Boolean] whether somebody has them
        def give(list, patience: 0)
          limit = Timestamps.clock + patience
          loop do
            tidy
            return true if given_to_one?(list)

            left = limit - Timestamps.clock
            return false unless left.positive? && @server&.wait_readable(left)
          end
        end

        def close
          [@server, *@heirs].each { |socket| socket&.close }
          @heirs = []
          @server = nil
        end

        private

        def accept
          heir = @server.accept_nonblock
          Succession.own?(heir) ? @heirs << heir : heir.close
        end

        # Nobody says anything before being asked: what can be read is an end.
        def forget_gone
          gone, @heirs = @heirs.partition { |heir| heir.wait_readable(0) }
          gone.each(&:close)
        end

        # Nobody is asked twice: a late answer would be taken for one to the second question.
        def given_to_one?(list)
          until @heirs.empty?
            heir = @heirs.shift
            given = given?(heir, list)
            heir.close
            return true if given
          end
          false
        end

        def given?(heir, list)
          heir.write(QUESTION)
          return false unless heir.wait_readable(ANSWER_S) && heir.read_nonblock(1, exception: false) == ANSWER

          heir.write([list.size].pack("C"))
          list.each { |socket| heir.send_io(socket) }
          HeapPeriscopeUi.logger.info("heap_periscope_ui has handed its sockets over to another process of this application")
          true
        rescue SystemCallError, IOError
          false
        end
      end

      # Of a process that stands by, or may do so soon: it is asked, and answers, only while it waits.
      class Heir
        LOOK_S = 0.5

        # @param config [Configuration]
        def initialize(config)
          @config = config
        end

        # @return [Boolean] whether there is one to wait for
        def connect
          return true if @connection
          return false unless Succession.possible?(@config)

          connection = UNIXSocket.new(Succession.name(@config))
          Succession.own?(connection) ? @connection = connection : connection.close
          !@connection.nil?
        rescue *MISHAPS
          false # nobody of ours collects
        end

        # Until the one that collects hands its sockets over, or ends without.
        # @param timeout [Numeric] seconds to wait for one that collects, and then for that
        # @yieldparam seconds [Numeric] to pause before the next look for one that collects, which may just have begun
        # @return [Array<UDPSocket>, nil] given ones
        def wait(timeout)
          (timeout / LOOK_S).ceil.times { connect || @left ? break : yield([LOOK_S, timeout].min) }
          receive if !@left && @connection&.wait_readable(timeout)
        rescue *MISHAPS
          close # the other has ended in between
        end

        # Ends {#wait}, which another thread is in.
        def leave
          @left = true
          @connection&.shutdown
        rescue SystemCallError, IOError
          nil
        end

        def close
          @connection&.close
          @connection = nil
        end

        private

        # By recv, since reading ahead would take the bytes that the sockets come with.
        def receive
          return close unless @connection.recv(1) == QUESTION

          @connection.write(ANSWER)
          list = []
          @connection.recv(1).unpack1("C").to_i.times { list << @connection.recv_io(UDPSocket) }
          close
          list unless list.empty?
        rescue *MISHAPS
          list&.each(&:close)
          raise
        end
      end
    end
  end
end
