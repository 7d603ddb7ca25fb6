# frozen_string_literal: true

module HeapPeriscopeUi
  module Collector
    # Whether a {Helper} collects instead of a thread of this process: from the beginning where the configuration says so, and by itself
    # once more arrives than a thread should do beside requests. The thread collects until the helper could.
    class HandOver
      # The most that a helper takes to boot.
      BOOT_S = 60

      # One that lives so long has not failed to start.
      HEALTHY_S = 600
      DEATHS = 3

      # @param config [Configuration]
      # @param server [Boolean] whether this process serves an application's requests
      def initialize(config, server:)
        @config = config
        @server = server
        @rate = RateWatch.new
        @deaths = 0
      end

      # @return [Boolean] whether a helper is to collect
      def due?
        @server && !@given_up && (@due || @config.collect_in == :process)
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

      # Lets a helper collect until it ends. One that keeps dying is given up: then it is not due any more, and a thread goes on.
      # @yieldparam pid [Integer] of the helper
      # @return [Boolean] whether it ended because it cannot write
      def run(sockets)
        began = Timestamps.clock
        @helper ||= Helper.new(@config, sockets)
        yield @helper.pid
        @stopped ? @helper.stop : @helper.go
        status = @helper.wait
        return true if status&.exitstatus == Helper::CANNOT_WRITE

        count_death(Timestamps.clock - began, status || "ended") unless @stopped
        false
      rescue SystemCallError => e
        count_death(0, e.message)
        false
      ensure
        @helper&.stop
        @helper = nil
      end

      # Tells the helper to write what it has, and to end.
      # @return [Boolean] whether there is one
      def stop
        @stopped = true
        helper = @helper
        helper&.stop
        !helper.nil?
      end

      def kill
        @helper&.kill
      end

      private

      def end_thread(receiver)
        @due = true
        receiver.stop
      end

      def count_death(lived_s, how)
        @deaths = 0 if lived_s >= HEALTHY_S
        @deaths += 1
        @given_up = @deaths >= DEATHS
        HeapPeriscopeUi.logger.warn("heap_periscope_ui: the process that collects has ended (#{how})" \
                                    "#{", #{DEATHS} times now; a thread of process #{::Process.pid} collects instead" if @given_up}")
      end

      def give_up(reason)
        HeapPeriscopeUi.logger.warn("heap_periscope_ui could not start a process that collects: #{reason}") unless @stopped
        kill
        @helper = nil
      end
    end
  end
end
