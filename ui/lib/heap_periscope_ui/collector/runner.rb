# frozen_string_literal: true

require "securerandom"

module HeapPeriscopeUi
  module Collector
    # The life of a collector in one process: tries to get the port until it has it, then collects until it is stopped.
    class Runner
      RETRY_S = 5.0
      # A server's master and single process look alike until it has begun to serve.
      SETTLE_S = 0.5
      # In a phased restart the new worker may be there a moment after the old one is told to end.
      NEW_WORKER_S = 2.0
      # Children that end with their parent say goodbye at the same moment.
      LAST_WORDS_S = 0.15

      # @return [Symbol] :starting, :standing_by (for another process, or a {Helper}), :collecting, :cannot_write (and has left the port to others),
      #   :refused (by configuration), :stopped
      attr_reader :state
      # @return [Sockets, nil]
      attr_reader :sockets

      # What works, or worked last, in this process.
      %i[inbox receiver writer].each { |part| define_method(part) { @collection&.public_send(part) } }

      # @param settle [Boolean] wait a moment and look whether this process serves itself
      def initialize(config:, store:, settle: true)
        @config = config
        @store = store
        @settle = settle
        @hand_over = HandOver.new(config, server: settle)
        @giver = Succession::Giver.new(config)
        @heir = Succession::Heir.new(config)
        @complaints = Complaints.new("collect")
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
      # @param at_end [Boolean] of this process: what its family says at last is taken too, by a helper without waiting for it
      def stop(timeout: 5, at_end: false)
        sleep(LAST_WORDS_S) if at_end && state == :collecting
        @lock.synchronize do
          @stopping = true
          @changed.broadcast
        end
        @collection&.stop
        @heir.leave
        delegated = @hand_over.stop
        @hand_over.kill unless @thread.nil? || (delegated && at_end) || @thread.join(timeout)
        @state = :stopped
      end

      # @return [Hash] {host:, pid:, state:, queue:, errors:, last_error:, …}
      def describe
        { host: Socket.gethostname, pid: ::Process.pid, state: state.to_s.tr("_", " "), **@collection&.describe.to_h }
      end

      # In a forked child: lets go of what belongs to the parent.
      def abandon
        [@sockets, @giver, @heir].each { |mine| mine&.close }
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
        settle if @settle
        report = StatusReport.new(self, @config)
        until @stopping && @given.nil?
          attempt(report)
          break if @stopping || state == :refused

          stand_by(report)
          wait_for_turn
        end
      rescue *MISHAPS => e
        @complaints.log(e)
        pause(RETRY_S)
        @stopping ? nil : retry
      end

      # A worker stands by at once: the one that collects may end meanwhile. A master must open no database, so that its workers inherit none.
      def settle
        ServerProcess.worker? ? @heir.connect : pause(SETTLE_S)
      end

      def master?
        @settle && ServerProcess.role == :master
      end

      # Tries to get the port, and works as long as it has it.
      def attempt(report)
        return if master? || !able? || (@sockets = sockets_or_refusal).nil?

        loop do
          @hand_over.due? ? delegate(report) : collect(report)
          break if @stopping || @unable
        end
      rescue Errno::EADDRINUSE
        say_once("port #{@config.udp_port} is taken, most likely by another process of this application that collects; " \
                 "this one stands by and tries again every #{RETRY_S.to_i} s")
      rescue *MISHAPS => e
        @complaints.log(e)
      ensure
        @sockets&.close
      end

      def sockets_or_refusal
        Sockets.new(@config, @given)
      rescue ConfigurationError => e
        HeapPeriscopeUi.logger.error("heap_periscope_ui cannot collect: #{e.message}")
        change(:refused)
        nil
      ensure
        @given = nil
      end

      # @return [Boolean] once nothing could be written: whether that is over
      def able?
        @unable &&= !@store.writable?
        !@unable
      end

      # Another process may be able to write: it gets the port.
      def give_up
        @unable = true
        HeapPeriscopeUi.logger.error("heap_periscope_ui cannot write (#{writer&.trouble.to_h[:last_error]}) and leaves the port to others; " \
                                     "it tries again every #{RETRY_S.to_i} s")
        @collection&.stop
      end

      def collect(report)
        beat = lambda do |now_ms|
          report.write(now_ms)
          @giver.tidy
          @hand_over.consider(now_ms, @sockets, receiver)
        end
        @collection = Collection.new(@sockets, config: @config, store: @store, beat: beat, gave_up: method(:give_up))
        @collection.stop if @stopping
        @giver.tidy
        change(:collecting)
        HeapPeriscopeUi.logger.info("heap_periscope_ui collects on #{@sockets.addresses.join(", ")}")
        @collection.run
      ensure
        # What has arrived is written by now, so whoever gets the sockets goes on from there.
        @giver.give(@sockets.list, patience: @settle && ServerProcess.worker? ? NEW_WORKER_S : 0) unless @hand_over.due?
        @giver.close
      end

      def delegate(report)
        unable = @hand_over.run(@sockets) do |pid|
          HeapPeriscopeUi.logger.info("heap_periscope_ui collects on #{@sockets.addresses.join(", ")} in process #{pid}")
          stand_by(report)
        end
        give_up if unable && !@stopping
      end

      def stand_by(report)
        change(@unable ? :cannot_write : :standing_by)
        report.write(Timestamps.now) if ServerProcess.role == :server
      rescue *MISHAPS
        nil # the one that collects will say it
      end

      def wait_for_turn
        return pause(RETRY_S) if @unable || master?

        @given = @heir.wait(RETRY_S) { |seconds| pause(seconds) }
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
