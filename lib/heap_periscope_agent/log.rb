# frozen_string_literal: true

require_relative "guard"

module HeapPeriscopeAgent
  # Where the agent's own messages go: `config.logger`, else `Rails.logger`, else stderr, and nowhere unless
  # `config.verbose`. Nothing a logger does reaches the caller.
  module Log
    LEVELS = %i[debug info warn error].freeze
    REMEMBERED_KEYS = 1000
    BUSY = :heap_periscope_logging
    private_constant :REMEMBERED_KEYS, :BUSY

    @keys = {}
    @lock = Mutex.new

    class << self
      # @param message [String]
      # @param level [Symbol] one of LEVELS; anything else counts as info
      # @param configuration [Configuration, nil] nil: the process's own
      # @return [nil]
      def write(message, level: :info, configuration: nil)
        configuration ||= HeapPeriscopeAgent.configuration
        return if !configuration.verbose || Thread.current[BUSY]

        Guard.call { deliver_once(message, LEVELS.include?(level) ? level : :info, configuration) }
        nil
      end

      # Writes a message the first time its key comes up.
      # @param key [Object] must be hashable
      # @return [nil]
      def once(key, message, level: :warn, configuration: nil)
        configuration ||= HeapPeriscopeAgent.configuration
        Guard.call { write(message, level: level, configuration: configuration) if configuration.verbose && first?(key) }
      end

      # Forgets which messages were written.
      # @return [void]
      def reset
        @lock.synchronize { @keys.clear }
      end

      private

      def first?(key)
        @lock.synchronize do
          !@keys.key?(key) && @keys.size < REMEMBERED_KEYS && (@keys[key] = true)
        end
      end

      # A logger may come back to us.
      def deliver_once(message, level, configuration)
        Thread.current[BUSY] = true
        deliver(message, level, configuration.logger || rails_logger)
      ensure
        Thread.current[BUSY] = nil
      end

      def deliver(message, level, logger)
        text = message.to_s.scrub
        return logger.public_send(level, "[HeapPeriscopeAgent] #{text}") if logger

        # One write, so that lines of several threads do not mix; debug is for loggers, which have a level to hide it.
        $stderr.write("[HeapPeriscopeAgent][#{level.to_s.upcase}] #{text.tr("\n", " ")}\n") unless level == :debug
      end

      def rails_logger
        ::Rails.logger if defined?(::Rails) && ::Rails.respond_to?(:logger)
      end
    end
  end
end
