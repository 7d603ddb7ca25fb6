# frozen_string_literal: true

require "heap_periscope_ui/alerts/webhook"
require "heap_periscope_ui/alerts/callable"
require "heap_periscope_ui/alerts/causes"
require "heap_periscope_ui/alerts/collector_causes"
require "heap_periscope_ui/alerts/claims"
require "heap_periscope_ui/alerts/watch"

module HeapPeriscopeUi
  # Tells people what a page would show them if they looked: leak suspects of high confidence, processes near their memory limit,
  # trouble of the collector. See docs/alerts.md.
  module Alerts
    LOCK = Mutex.new
    # Longest name of others that a summary holds.
    NAME = 200

    class << self
      # @param value [#call, Hash, Array, nil] what `config.on_alert` was set to
      # @return [Array<Webhook, Callable>]
      # @raise [ConfigurationError]
      def targets(value)
        list = value.is_a?(Array) ? value : [value].compact
        list.each_with_index.map { |one, index| target(one, index) }
      end

      # Begins to watch in this process, where somebody wants to be told. Called by whatever starts collecting or standing by; of all
      # processes on one database one looks at a time.
      def start(config = HeapPeriscopeUi.configuration)
        # A process that collects for another one does not look as well.
        return if config.on_alert.empty? || config.bound_sockets

        LOCK.synchronize { @watch = Watch.new(config).start unless @watch&.alive? }
      end

      def stop
        LOCK.synchronize { @watch.tap { @watch = nil } }&.stop
      end

      # @return [Hash] one alert: what a callable gets, and a webhook as JSON
      def build(kind, cause, summary, now_ms, **rest)
        { id: SecureRandom.uuid, kind: kind, cause: "#{kind}/#{cause}", summary: summary, at: Timestamps.iso(now_ms), **rest }
      end

      def short(name)
        name.to_s.truncate(NAME)
      end

      private

      def target(value, index)
        return value if value.is_a?(Webhook) || value.is_a?(Callable)
        return Callable.new(value, index) if value.respond_to?(:call)
        return Webhook.new(**value.transform_keys(&:to_sym)) if value.is_a?(Hash) && value.keys.map(&:to_sym).sort == %i[secret url]

        raise ConfigurationError, "on_alert must be something that answers to call, { url:, secret: }, or a list of these, not #{value.inspect[0, 100]}"
      end
    end
  end
end
