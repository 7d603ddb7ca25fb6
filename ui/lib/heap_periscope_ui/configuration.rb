# frozen_string_literal: true

require "active_support/ordered_options"

module HeapPeriscopeUi
  # Options of the dashboard. Every one has a default; a wrong value raises at once. Some can also come from the
  # environment: HEAP_PERISCOPE_UI_UDP_HOST, _UDP_PORT, _DATABASE, _SECRET, _ALERT_URL, _ALERT_SECRET, _MEMORY_LIMIT. What each may be
  # is in {Checks}.
  class Configuration
    LEAST_DATABASE = 16 * 1024 * 1024
    LOOPBACK = /\A(127\.\d+\.\d+\.\d+|::1|localhost)\z/

    # @return [String] address the collector binds; anything but loopback needs a secret
    attr_reader :udp_host
    # @return [Integer] 0..65535; 0 takes any free port
    attr_reader :udp_port
    # @return [Boolean] with a loopback IPv4 address: listen on ::1 too
    attr_accessor :udp_ipv6
    # @return [Symbol] :auto (in server processes), true or false
    attr_reader :collect
    # @return [Symbol] :thread of the server process; :process of its own, which takes about 80 MB and no time of the server's; or :auto:
    #   a thread until {Collector::RateWatch::PER_S} datagrams a second arrive, then a process
    attr_reader :collect_in
    # @return [Array<Integer>, nil] file descriptors of sockets that are bound already
    # @api private
    attr_accessor :bound_sockets
    # @return [String, Hash, Symbol, nil] SQLite file, database URL, Hash as in database.yml, or :host for the host application's own
    #   database (after the install generator's migrations). nil: `storage/heap_periscope.sqlite3` below the application's root.
    attr_reader :database
    # @return [Hash, nil] passed to ActiveRecord's `connects_to`, for a database named in the host's database.yml
    attr_accessor :connects_to
    # @return [Hash{String=>String}] key id => secret; two may be live at once, for a rotation
    attr_reader :secrets
    # @return [Numeric] seconds a signed datagram's `reported_at` may be off
    attr_accessor :time_window
    # @return [Integer] bytes asked of the kernel for the receive buffer
    attr_accessor :receive_buffer_bytes
    # @return [Integer] datagrams that may wait for the writer
    attr_accessor :queue_limit
    # @return [Integer] distinct class, span and path names the store keeps
    attr_accessor :names_limit
    # @return [Integer, nil] bytes that rows may take; near it the oldest of everything goes
    attr_reader :database_limit_bytes
    # @return [Hash{Symbol=>Numeric}] seconds each level is kept: raw:, minute:, ten_minutes:
    attr_reader :retention
    # @return [Proc, nil] called with the request; true lets it in
    attr_accessor :access
    # @return [Hash, nil] `{ name:, password: }` for HTTP basic
    attr_reader :http_basic
    # @return [String] class the dashboard's controllers inherit from
    attr_accessor :base_controller_class
    # @return [Array<#deliver>] who is told of what needs a look: set it to something that answers to `call` (with a Hash), to
    #   `{ url:, secret: }` for a webhook, or to a list of these; nil or []: nobody. See docs/alerts.md.
    attr_reader :on_alert
    # @return [Numeric] seconds, 3 600 or more: as long as a cause lasts, it is told once in this time
    attr_reader :alert_every
    # @return [Integer, Hash{String, Symbol=>Integer}, nil] bytes of RSS that a process may have, or these by service name and `:default`, for alerts
    attr_reader :memory_limit

    # @param env [#to_h] a variable that is empty counts as absent
    def initialize(env = ENV)
      env = env.to_h.reject { |_, value| value.empty? }
      @udp_ipv6 = true
      @collect = :auto
      @collect_in = :auto
      @secrets = {}
      @time_window = 60
      @receive_buffer_bytes = 8 * 1024 * 1024
      @queue_limit = 50_000
      @names_limit = 200_000
      @database_limit_bytes = 2 * 1024 * 1024 * 1024
      @retention = { raw: 86_400, minute: 7 * 86_400, ten_minutes: 90 * 86_400 }
      @base_controller_class = nil
      self.udp_host = env.fetch("HEAP_PERISCOPE_UI_UDP_HOST", "127.0.0.1")
      self.udp_port = env.fetch("HEAP_PERISCOPE_UI_UDP_PORT", 9000)
      self.database = env["HEAP_PERISCOPE_UI_DATABASE"]
      self.secret = env["HEAP_PERISCOPE_UI_SECRET"] if env["HEAP_PERISCOPE_UI_SECRET"]
      read_alerts(env)
    end

    def udp_host=(value)
      @udp_host = value.to_s
      raise ConfigurationError, "udp_host must be an address or a name, not #{value.inspect}" if @udp_host.empty?
    end

    def udp_port=(value)
      @udp_port = Integer(value, exception: false) if value
      return if @udp_port&.between?(0, 65_535)

      raise ConfigurationError, "udp_port must be a whole number from 0 to 65535, not #{value.inspect}"
    end

    def collect=(value)
      raise ConfigurationError, "collect must be :auto, true or false, not #{value.inspect}" unless [:auto, true,
                                                                                                     false].include?(value)

      @collect = value
    end

    def collect_in=(value)
      raise ConfigurationError, "collect_in must be :auto, :thread or :process, not #{value.inspect}" unless %i[auto thread process].include?(value)

      @collect_in = value
    end

    def database=(value)
      unless value.nil? || value == :host || [String, Pathname, Hash].any? { |type| value.is_a?(type) }
        raise ConfigurationError, "database must be a file, a URL, a Hash as in database.yml or :host, not #{value.inspect}"
      end

      @database = value.is_a?(Pathname) ? value.to_s : value
    end

    # @param value [String, nil] one secret, under the key id "default"
    def secret=(value)
      self.secrets = value ? { "default" => value } : {}
    end

    def secrets=(hash)
      unless hash.is_a?(Hash) && hash.size <= 2 && hash.all? do |id, key|
        id.to_s.match?(/\A[\w.-]{1,64}\z/) && key.is_a?(String) && key.bytesize >= 16
      end
        raise ConfigurationError,
              "secrets must be at most two pairs of key id (1 to 64 of A-Z a-z 0-9 . _ -) and secret (16 bytes or more)"
      end

      @secrets = hash.transform_keys(&:to_s)
    end

    def retention=(hash)
      unless hash.is_a?(Hash) && (hash.keys - @retention.keys).empty? && hash.values.all? { |v| v.to_f >= 60 }
        raise ConfigurationError,
              "retention takes seconds (60 or more) for raw:, minute: and ten_minutes:, not #{hash.inspect}"
      end

      @retention = @retention.merge(hash.transform_values(&:to_f))
    end

    # @param value [Integer, nil] nil: no limit
    def database_limit_bytes=(value)
      unless value.nil? || (value.is_a?(Integer) && value >= LEAST_DATABASE)
        raise ConfigurationError, "database_limit_bytes must be a whole number of bytes from #{LEAST_DATABASE}, or nil for no limit, not #{value.inspect}"
      end

      @database_limit_bytes = value
    end

    def http_basic=(hash)
      unless hash.nil? || (hash.is_a?(Hash) && [hash[:name], hash[:password]].all? { |v| v.is_a?(String) && !v.empty? })
        raise ConfigurationError, "http_basic must be { name:, password: } with two strings that are not empty"
      end

      @http_basic = hash
    end

    # @return [Boolean]
    def loopback?
      LOOPBACK.match?(udp_host)
    end

    def on_alert=(value)
      @on_alert = Alerts.targets(value)
    end

    def alert_every=(value)
      unless value.is_a?(Numeric) && value.between?(3_600, 30 * 86_400)
        raise ConfigurationError, "alert_every must be a number of seconds from 3600 (an hour) to 2592000 (30 days), not #{value.inspect}"
      end

      @alert_every = value
    end

    def memory_limit=(value)
      limits = value.is_a?(Hash) ? value.values : [value].compact
      unless limits.all? { |bytes| bytes.is_a?(Numeric) && bytes >= 1_048_576 }
        raise ConfigurationError, "memory_limit must be bytes (1048576 or more), or a Hash of service name, or :default, => bytes, not #{value.inspect}"
      end

      @memory_limit = value.is_a?(Hash) ? value.to_h { |name, bytes| [name == :default ? name : name.to_s, bytes] } : value
    end

    private

    def read_alerts(env)
      url, limit = env.values_at("HEAP_PERISCOPE_UI_ALERT_URL", "HEAP_PERISCOPE_UI_MEMORY_LIMIT").map(&:presence)
      self.on_alert = url && { url: url, secret: env["HEAP_PERISCOPE_UI_ALERT_SECRET"] }
      self.alert_every = 3_600
      self.memory_limit = limit && (Integer(limit, 10, exception: false) || limit)
    end
  end
end
