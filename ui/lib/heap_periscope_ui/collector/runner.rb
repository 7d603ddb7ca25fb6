# frozen_string_literal: true

require "securerandom"

module HeapPeriscopeUi
  module Collector
    # The life of a collector in one process: tries to get the port until it has it, then collects until it is stopped.
    class Runner
      RETRY_S = 5.0
      # A server's master and single process look alike until it has begun to serve.
      SETTLE_S = 0.5

      # @return [Symbol] :starting, :standing_by (for another process, or a {Helper}), :collecting, :refused (by configuration), :stopped
      attr_reader :state
      attr_reader :sockets, :inbox, :receiver, :writer

      # @param settle [Boolean] wait a moment and look whether this process serves itself
      def initialize(config:, store:, settle: true)
        @config = config
        @store = store
        @settle = settle
        @hand_over = HandOver.new(config, server: settle)
        @state = :starting
        @lock = Mutex.new
        @changed = ConditionVariable.new
      end

      def start
        @thread = Threads.start("heap_periscope_ui") { run }
        self
      end

      # Ends collecting and writes what waits.
      # @param timeout [Numeric] seconds to wait for that
      def stop(timeout: 5)
        @lock.synchronize do
          @stopping = true
          @changed.broadcast
        end
        @receiver&.stop
        @hand_over.stop
        @hand_over.kill unless @thread.nil? || @thread.join(timeout)
        @state = :stopped
      end

      # In a forked child: lets go of what belongs to the parent.
      def abandon
        @sockets&.close
        @hand_over.stop # in this process only: the parent's end of the pipe is open
        @state = :stopped
      end

      # @param timeout [Numeric] seconds
      # @return [Boolean] whether it collects
      def wait_until_collecting(timeout)
        limit = Timestamps.clock + timeout
        @lock.synchronize { @changed.wait(@lock, 0.1) until state == :collecting || Timestamps.clock > limit }
        state == :collecting
      end

      private

      def run
        pause(SETTLE_S) if @settle
        report = StatusReport.new(self, @config)
        until @stopping
          break change(:refused) unless attempt(report)
          break if @stopping

          stand_by(report)
          pause(RETRY_S)
        end
      rescue StandardError => e
        HeapPeriscopeUi.logger.error("heap_periscope_ui stopped collecting: #{e.class}: #{e.message}")
      end

      # @return [Boolean] false when trying again is of no use
      def attempt(report)
        return true if @settle && ServerProcess.role == :master

        @sockets = Sockets.new(@config)
        collect(report) unless @hand_over.due?
        delegate(report) if @hand_over.due? && !@stopping
        true
      rescue Errno::EADDRINUSE
        say_once("port #{@config.udp_port} is taken, most likely by another process of this application that collects; " \
                 "this one stands by and tries again every #{RETRY_S.to_i} s")
        true
      rescue ConfigurationError, SocketError, SystemCallError => e
        HeapPeriscopeUi.logger.error("heap_periscope_ui cannot collect: #{e.message}")
        false
      ensure
        @sockets&.close
      end

      def collect(report)
        @inbox = Inbox.new(@config.queue_limit)
        @receiver = Receiver.new(@sockets, @inbox)
        housekeeper = Store::Housekeeper.new(@store)
        @writer = Writer.new(@inbox, store: @store, config: @config, housekeeper: housekeeper, beat: lambda do |now_ms|
          report.write(now_ms)
          @hand_over.consider(now_ms, @sockets, @receiver)
        end)
        writer_thread = Threads.start("heap_periscope_ui writer") { @writer.run }
        change(:collecting)
        HeapPeriscopeUi.logger.info("heap_periscope_ui collects on #{@sockets.addresses.join(", ")}")
        @receiver.run
      ensure
        @sockets&.close unless @hand_over.due?
        @writer&.stop
        writer_thread&.join
      end

      def delegate(report)
        @hand_over.run(@sockets) do |pid|
          HeapPeriscopeUi.logger.info("heap_periscope_ui collects on #{@sockets.addresses.join(", ")} in process #{pid}")
          stand_by(report)
        end
      end

      def stand_by(report)
        change(:standing_by)
        report.write(Timestamps.now) if ServerProcess.role == :server
      rescue ActiveRecord::ActiveRecordError, ConfigurationError
        nil # the one that collects will say it
      end

      def say_once(text)
        HeapPeriscopeUi.logger.info("heap_periscope_ui: #{text}") unless @said
        @said = true
      end

      def change(state)
        @lock.synchronize do
          @state = state
          @changed.broadcast
        end
      end

      def pause(seconds)
        @lock.synchronize { @changed.wait(@lock, seconds) unless @stopping }
      end
    end
  end
end
