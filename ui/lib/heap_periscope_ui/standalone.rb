# frozen_string_literal: true

ENV["RAILS_ENV"] ||= "production"

require "logger"
require "heap_periscope_ui/bare_application"
require "puma"
require "puma/log_writer"
require "puma/server"

module HeapPeriscopeUi
  # The dashboard as a program: a bare application, served by Puma, with the collector beside.
  class Standalone
    MOUNT = "/heap_periscope"
    STOP_S = 5

    # @param options [Hash] bind:, port:, udp_port:, database:, hosts: names that requests may come by, besides those of loopback
    # @param credentials [Hash, nil] name: and password: for HTTP basic
    def initialize(options, credentials: nil, out: $stdout)
      @options = options
      @credentials = credentials
      @out = out
    end

    # Serves until it is told to stop, by SIGTERM or SIGINT.
    # @return [Integer] 0
    def run
      configure
      application = draw(BareApplication.build(hosts: @credentials ? nil : @options[:hosts]))
      Store::Connection.ready!
      server = listen(application)
      Collector.start
      serving = server.run
      announce
      wait_for_signal
      Collector.stop
      end_serving(server, serving)
      0
    end

    private

    def configure
      config = HeapPeriscopeUi.configuration
      config.udp_port = @options[:udp_port] if @options[:udp_port]
      config.database = @options[:database] || config.database || File.join(Dir.pwd, "storage", "heap_periscope.sqlite3")
      config.collect = false # started here, not by the engine
      config.http_basic = @credentials
      # Without credentials the command line has made sure that only this machine can ask, and the names that are taken that no page of
      # somebody else's does so through the browser of a person here.
      config.access = ->(_request) { true } unless @credentials
    end

    def draw(application)
      application.routes.draw do
        mount HeapPeriscopeUi::Engine => MOUNT
        root to: redirect(MOUNT)
      end
      application
    end

    def announce
      host = @options[:bind].include?(":") ? "[#{@options[:bind]}]" : @options[:bind]
      @out.puts "heap_periscope_ui #{VERSION}: http://#{host}:#{@options[:port]}#{MOUNT}"
      @out.flush
    end

    # Puma without its launcher, whose way of ending waits without limit for a socket to close.
    def listen(application)
      server = Puma::Server.new(application, nil, { min_threads: 0, max_threads: 5, log_writer: Puma::LogWriter.new(StringIO.new, $stderr) })
      server.add_tcp_listener(@options[:bind], @options[:port])
      server
    end

    def wait_for_signal
      signals = Thread::Queue.new
      %w[TERM INT].each { |name| Signal.trap(name) { signals << name } }
      signals.pop
    end

    # Requests under way have their time; what is left then ends with the process.
    def end_serving(server, serving)
      server.stop
      serving.join(STOP_S) || exit!(0)
    end
  end
end
