# frozen_string_literal: true

require "json"
require "rbconfig"

module HeapPeriscopeUi
  module Collector
    # A process that collects for this one, on this one's sockets: its work takes no time from the server's requests. It ends when
    # the pipe to it closes, whichever way this process ends.
    class Helper
      LIBRARY = File.expand_path("../..", __dir__)
      PROGRAM = "HeapPeriscopeUi::Collector::HelperProgram.new($stdin).run"
      # Its own process is not one to watch.
      ENVIRONMENT = { "HEAP_PERISCOPE_ENABLED" => "false" }.freeze
      PASSED_ON = %i[udp_host udp_port secrets time_window receive_buffer_bytes queue_limit names_limit database_limit_bytes retention].freeze

      # Exit status of one that could not write for long: another application process may be able to.
      CANNOT_WRITE = 75

      # @return [Integer] process id
      attr_reader :pid

      # @param config [Configuration]
      # @param sockets [Sockets]
      # @raise [SystemCallError]
      def initialize(config, sockets)
        settings = JSON.generate(settings(config, sockets))
        reader, @pipe = IO.pipe
        @answers, writer = IO.pipe
        @pid = ::Process.spawn(ENVIRONMENT, *command, **options(reader, writer, sockets))
        @pipe.puts(settings)
      ensure
        [reader, writer].each { |io| io&.close }
      end

      # @param timeout [Numeric] seconds to wait for that
      # @return [Boolean] whether it could collect now
      def booted?(timeout)
        @booted ||= !@answers.wait_readable(timeout).nil? && !@answers.gets.nil?
      rescue IOError
        false # stopped meanwhile
      end

      # Lets it begin.
      def go
        @pipe.puts("go")
      rescue SystemCallError, IOError
        nil # it has ended
      end

      # Waits until it ends.
      # @return [Process::Status, nil] nil where somebody else has waited for it
      def wait
        @watch ||= ::Process.detach(@pid)
        @watch.value
      end

      # Asks it to write what it has, and to end.
      def stop
        [@pipe, @answers].each(&:close)
      rescue IOError
        nil
      end

      def kill
        ::Process.kill(:KILL, @pid)
        @watch ||= ::Process.detach(@pid)
      rescue SystemCallError
        nil
      end

      private

      def command
        [RbConfig.ruby, "-I", LIBRARY, "-r", "heap_periscope_ui/collector/helper_program", "-e", PROGRAM]
      end

      def options(reader, writer, sockets)
        descriptors = sockets.list.to_h { |socket| [socket.fileno, socket.fileno] }
        { in: reader, out: writer, chdir: ::Rails.root.to_s, **descriptors }
      end

      def settings(config, sockets)
        { "parent" => ::Process.pid, "database" => Store::Connection.configuration_hash, "bound_sockets" => sockets.list.map(&:fileno),
          **PASSED_ON.to_h { |name| [name, config.public_send(name)] } }
      end
    end
  end
end
