# frozen_string_literal: true

module HeapPeriscopeUi
  module Alerts
    # What the collectors on this database give cause for: that nobody collects, and that reports are lost on their side. Counters of
    # collectors are compared with those that were remembered at the look before.
    class CollectorCauses
      # A collector writes its row every second; nobody collects for some seconds at every restart.
      GONE_MS = 60_000
      LOSSES = { "failed" => "reports that the database did not take", "queue_dropped" => "datagrams that waited for the database and found no place",
                 "kernel_dropped" => "datagrams that the collector read too late" }.freeze

      # @param before [Hash] what {#counts} was then
      # @param since_ms [Integer] from when on somebody should have collected: nobody does in the moment in which a server starts
      def initialize(before, since_ms:, now_ms:)
        @before = before
        @since_ms = since_ms
        @now_ms = now_ms
      end

      # @return [Array<Hash>] of {Alerts.build}
      def call
        [nobody, *losses].compact
      end

      # @return [Hash{String=>Hash}] identity of a collector => counter => value, to be remembered
      def counts
        @counts ||= rows.to_h { |row| [row.identity, JSON.parse(row.counters || "{}").slice(*LOSSES.keys)] }
      end

      # Said without the database, when it does not answer.
      def self.database(error, now_ms)
        host = Socket.gethostname
        Alerts.build("collector", "database/#{host}", "The database of the dashboard has not answered #{host} for over a minute: reports will be lost", now_ms,
                     service_name: nil, host: host, process_id: ::Process.pid, details: { error: "#{error.class}: #{Alerts.short(error.message)}" })
      end

      private

      def rows
        @rows ||= CollectorRecord.where("seen_at > ?", @now_ms - 86_400_000).to_a
      end

      def nobody
        collecting = rows.select { |row| row.state == "collecting" }
        seen = [collecting.map(&:seen_at).max, @since_ms].compact.max
        return if seen > @now_ms - GONE_MS

        last = collecting.max_by(&:seen_at)
        Alerts.build("collector", "none", "Nobody collects: what processes report is lost#{" (the last collector was #{last.pid} on #{Alerts.short(last.host)})" if last}",
                     @now_ms, service_name: nil, host: last&.host, process_id: last&.pid, details: { last_seen_at: Timestamps.iso(last&.seen_at) })
      end

      def losses
        rows.flat_map do |row|
          LOSSES.filter_map do |counter, meaning|
            lost = counts[row.identity][counter].to_i - @before.dig(row.identity, counter).to_i
            loss(row, counter, meaning, lost) if lost.positive? && @before.key?(row.identity)
          end
        end
      end

      def loss(row, counter, meaning, lost)
        Alerts.build("collector", "#{counter}/#{row.host}", "The collector #{row.pid} on #{Alerts.short(row.host)} has lost #{lost} #{meaning}", @now_ms,
                     service_name: nil, host: row.host, process_id: row.pid, details: { counter: counter, lost: lost })
      end
    end
  end
end
