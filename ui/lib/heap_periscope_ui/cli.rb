# frozen_string_literal: true

require "optparse"
require "heap_periscope_ui/version"

module HeapPeriscopeUi
  # The command `heap_periscope_ui`: the dashboard without a Rails application of one's own.
  class Cli
    LOOPBACK = /\A(127\.\d+\.\d+\.\d+|::1|localhost)\z/

    def initialize(arguments, out: $stdout, err: $stderr, env: ENV)
      @arguments = arguments
      @out = out
      @err = err
      @env = env
      @options = { bind: "127.0.0.1", port: 3000, udp_port: nil, database: nil, hosts: [] }
    end

    # @return [Integer] exit status: 0, 1 for what went wrong at work, 2 for wrong arguments
    def run
      parser.parse!(@arguments)
      raise OptionParser::ParseError, @arguments.first if @arguments.any?
      return 0 if @done

      check_access
      serve
    rescue OptionParser::ParseError => e
      complain("#{e.message}\nTry heap_periscope_ui --help.", 2)
    rescue Interrupt
      0
    rescue StandardError => e
      raise unless defined?(HeapPeriscopeUi::Error) && expected?(e)

      complain(e.message, 1)
    end

    private

    def parser
      OptionParser.new do |o|
        o.banner = "Usage: heap_periscope_ui [options]\n\nCollects the reports of heap_periscope_agent and shows them in the browser.\n\n"
        o.on("--bind ADDRESS", "address of the pages (127.0.0.1)") { |value| @options[:bind] = value }
        o.on("--host NAME", "a name to open the pages by, besides localhost; may be repeated") { |value| @options[:hosts] << value }
        o.on("--port PORT", Integer, "port of the pages (3000)") { |value| @options[:port] = port(value) }
        o.on("--udp-port PORT", Integer, "port the agents send to (9000)") { |value| @options[:udp_port] = port(value) }
        o.on("--database FILE-or-URL", "SQLite file or postgresql:// URL (storage/heap_periscope.sqlite3)") do |value|
          @options[:database] = value
        end
        o.on("--version", "print the version") { finish("heap_periscope_ui #{VERSION}") }
        o.on("--help", "print this") { finish(o.help) }
        o.separator environment
      end
    end

    def environment
      <<~TEXT

        Environment:
            HEAP_PERISCOPE_UI_UDP_HOST       address the agents send to (127.0.0.1); any but loopback needs a secret
            HEAP_PERISCOPE_UI_SECRET         secret shared with the agents; datagrams without a right signature are refused
            HEAP_PERISCOPE_UI_ALERT_URL, _ALERT_SECRET  where alerts are posted to as JSON, signed with the secret (16 bytes or more)
            HEAP_PERISCOPE_UI_MEMORY_LIMIT   bytes that a process may hold, for alerts
            HEAP_PERISCOPE_UI_USER, _PASSWORD  credentials for the pages; needed with a --bind that others can reach
      TEXT
    end

    def port(value)
      return value if value.between?(0, 65_535)

      raise OptionParser::InvalidArgument, "#{value}; a port is a number from 0 to 65535"
    end

    def finish(text)
      @out.puts(text)
      @done = true
    end

    def check_access
      return if LOOPBACK.match?(@options[:bind]) || credentials

      raise OptionParser::InvalidArgument, "--bind #{@options[:bind]} can be reached by others: set HEAP_PERISCOPE_UI_USER and " \
                                           "HEAP_PERISCOPE_UI_PASSWORD, or bind to 127.0.0.1"
    end

    def credentials
      name, password = @env.values_at("HEAP_PERISCOPE_UI_USER", "HEAP_PERISCOPE_UI_PASSWORD")
      { name: name, password: password } if name && password && !name.empty? && !password.empty?
    end

    def serve
      require "heap_periscope_ui/standalone"
      Standalone.new(@options, credentials: credentials, out: @out).run
    end

    def expected?(error)
      [Error, SystemCallError, SocketError, ActiveRecord::ActiveRecordError, LoadError].any? { |known| error.is_a?(known) }
    end

    def complain(message, status)
      @err.puts("heap_periscope_ui: #{message}")
      status
    end
  end
end
