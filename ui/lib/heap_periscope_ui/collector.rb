# frozen_string_literal: true

require "heap_periscope_ui/collector/threads"
require "heap_periscope_ui/collector/refusals"
require "heap_periscope_ui/collector/datagram"
require "heap_periscope_ui/collector/signatures"
require "heap_periscope_ui/collector/replay_window"
require "heap_periscope_ui/collector/kinds"
require "heap_periscope_ui/collector/shapes"
require "heap_periscope_ui/collector/payload_schema"
require "heap_periscope_ui/collector/message_schema"
require "heap_periscope_ui/collector/assembler"
require "heap_periscope_ui/collector/inbox"
require "heap_periscope_ui/collector/sockets"
require "heap_periscope_ui/collector/receiver"
require "heap_periscope_ui/collector/counters"
require "heap_periscope_ui/collector/trouble"
require "heap_periscope_ui/collector/backlog"
require "heap_periscope_ui/collector/writer"
require "heap_periscope_ui/collector/collection"
require "heap_periscope_ui/collector/server_process"
require "heap_periscope_ui/collector/fork_hook"
require "heap_periscope_ui/collector/status_report"
require "heap_periscope_ui/collector/helper"
require "heap_periscope_ui/collector/rate_watch"
require "heap_periscope_ui/collector/hand_over"
require "heap_periscope_ui/collector/succession"
require "heap_periscope_ui/collector/runner"

module HeapPeriscopeUi
  # Receives the agents' datagrams and stores them: one process a host, by who gets the port.
  module Collector
    LOCK = Mutex.new

    class << self
      # Starts collecting in this process, or standing by for whoever collects.
      # @param settle [Boolean] wait a moment to see whether this process is a server's master, which does not collect itself
      # @return [Runner]
      def start(settle: false, config: HeapPeriscopeUi.configuration, store: HeapPeriscopeUi.store)
        LOCK.synchronize do
          ForkHook.install
          @settle = settle
          @runner ||= Runner.new(config: config, store: store, settle: settle).start
        end.tap { Alerts.start(config) }
      end

      # Stops and writes what waits.
      # @param at_end [Boolean] of this process: others of its family are about to say goodbye
      def stop(at_end: false)
        Alerts.stop
        runner = LOCK.synchronize { @runner.tap { @runner = nil } }
        runner&.stop(at_end: at_end)
      end

      # @return [Runner, nil]
      attr_reader :runner

      def running?
        !@runner.nil?
      end

      # What the collector of this process knows of itself, whether or not the database can be read.
      # @return [Hash, nil] {host:, pid:, state:, received:, queue:, errors:, last_error:, failing_since:, …}; nil where none was started
      def here
        runner&.describe
      end

      # What the engine does once the application has booted.
      def start_in_server
        wanted = HeapPeriscopeUi.configuration.collect
        start(settle: true) if wanted == true || (wanted == :auto && ServerProcess.here?)
      end

      # @return [Boolean] whether the child about to be forked should collect too
      def before_fork
        running? && @settle && ServerProcess.forks_servers?
      rescue StandardError
        false
      end

      # In the child: the parent's collector is let go of, and where children are servers an own one begins.
      def after_fork(servers)
        parent = @runner
        @runner = nil
        return unless parent

        parent.abandon
        HeapPeriscopeUi.store.reset
        start(settle: true) if servers
      rescue StandardError => e
        HeapPeriscopeUi.logger.warn("heap_periscope_ui does not collect in a forked process: #{e.message}")
      end
    end

    # Handlers run in reverse order: this one, made when the library is loaded, after that of an agent, which is made when it starts. So this
    # process's own goodbye still finds the port open.
    at_exit { stop(at_end: true) }
  end
end
