# frozen_string_literal: true

module HeapPeriscopeUi
  module Collector
    # Whether a {Helper} collects instead of a thread of this process: from the beginning where the configuration says so, and by itself
    # once more arrives than a thread should do beside requests. The thread collects until the helper could.
    class HandOver
      # The most that a helper takes to boot.
      BOOT_S = 60

      # @param config [Configuration]
      # @param server [Boolean] whether this process serves an application's requests
      def initialize(config, server:)
        @config = config
        @server = server
        @rate = RateWatch.new
      end

      # @return [Boolean] whether a helper is to collect
      def due?
        @server && (@due || @config.collect_in == :process)
      end

      # Called about every second while a thread of this process collects. Once a helper is there, the receiver is stopped, and it is due.
      def consider(now_ms, sockets, receiver)
        return unless @rate.high?(now_ms, receiver.received)
        return if @tried || !@server || @config.collect_in != :auto

        @tried = true
        @helper = Helper.new(@config, sockets)
        Threads.start("heap_periscope_ui helper") { @helper.booted?(BOOT_S) ? end_thread(receiver) : give_up("it did not boot") }
      rescue SystemCallError => e
        give_up(e.message)
      end

      # Lets a helper collect until it ends.
      # @yieldparam pid [Integer] of the helper
      def run(sockets)
        @helper ||= Helper.new(@config, sockets)
        yield @helper.pid
        @stopped ? @helper.stop : @helper.go
        status = @helper.wait
        HeapPeriscopeUi.logger.warn("heap_periscope_ui: the process that collected has ended (#{status})") unless @stopped
      rescue SystemCallError => e
        give_up(e.message)
      ensure
        @helper&.stop
        @helper = nil
      end

      # Tells the helper to write what it has, and to end.
      def stop
        @stopped = true
        @helper&.stop
      end

      def kill
        @helper&.kill
      end

      private

      def end_thread(receiver)
        @due = true
        receiver.stop
      end

      def give_up(reason)
        HeapPeriscopeUi.logger.warn("heap_periscope_ui could not start a process that collects: #{reason}") unless @stopped
        kill
        @helper = nil
      end
    end
  end
end
