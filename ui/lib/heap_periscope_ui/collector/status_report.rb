# frozen_string_literal: true

require "socket"

module HeapPeriscopeUi
  module Collector
    # Writes what a collector counts, for the status page. Rows of collectors long gone are removed by retention.
    class StatusReport
      # @param runner [Runner]
      # @param config [Configuration]
      def initialize(runner, config)
        @runner = runner
        @config = config
        @identity = SecureRandom.uuid
        @started_at = Timestamps.now
      end

      # Keeps no connection: in a process that stands by it may be one of the application's.
      # @param now_ms [Integer]
      def write(now_ms)
        Store::Connection.with { write_rows(now_ms) }
      end

      private

      def write_rows(now_ms)
        upsert(now_ms)
        minutes = @runner.writer ? @runner.writer.counters.take_minutes(now_ms) : {}
        return if minutes.empty?

        id = CollectorRecord.where(identity: @identity).pick(:id) # another one once the database was made anew
        rows = minutes.map do |at, counts|
          counts.slice(:received, :stored, :refused).merge(collector_id: id, at: at, dropped: 0,
                                                           reasons: JSON.generate(counts[:reasons]))
        end
        CollectorMinute.upsert_all(rows, unique_by: %i[collector_id at])
      end

      def upsert(now_ms)
        row = { identity: @identity, host: Socket.gethostname, pid: ::Process.pid, state: state, started_at: @started_at, seen_at: now_ms,
                counters: JSON.generate(counters(now_ms)) }
        CollectorRecord.upsert_all([row], unique_by: :identity)
      end

      def state
        @runner.state.to_s.tr("_", " ")
      end

      def counters(now_ms)
        common = { address: @runner.sockets ? @runner.sockets.addresses : [], signed: @config.secrets.any?, version: VERSION }
        return common unless @runner.writer

        common.merge(flow(now_ms), queue, buffers)
      end

      def flow(now_ms)
        counters = @runner.writer.counters
        { received: @runner.receiver.received, stored: counters.stored, failed: counters.failed, refused: counters.refused,
          refused_total: counters.refused.values.sum, parts_lost: @runner.writer.parts_lost, per_second: counters.per_second(now_ms).round(2),
          write_ms_p95: counters.write_ms_p95, batch_rows: counters.batch_rows, divided: counters.divided, notices: @runner.writer.notices,
          **@runner.writer.trouble.to_h }
      end

      def queue
        inbox = @runner.inbox
        { queue: inbox.size, queue_limit: inbox.limit, queue_highest: inbox.highest, queue_dropped: inbox.dropped }
      end

      def buffers
        { receive_buffer_asked: @runner.sockets.asked, receive_buffer_granted: @runner.sockets.granted,
          kernel_dropped: @runner.receiver.kernel_dropped }
      end
    end
  end
end
