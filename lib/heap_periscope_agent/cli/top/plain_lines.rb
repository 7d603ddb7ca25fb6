# frozen_string_literal: true

require_relative "../command"
require_relative "rows"

module HeapPeriscopeAgent
  module CLI
    class Top < Command
      # One line for each report, for scripts: the time, then name=value with plain numbers; - for what is not known.
      class PlainLines
        TOP_CLASSES = 5
        REPORTS = { "snapshot" => "snapshot", "gc_profiler_report" => "gc", "goodbye" => "goodbye" }.freeze
        private_constant :TOP_CLASSES, :REPORTS

        def initialize(out)
          @out = out
        end

        # @param report [Datagram]
        # @param process [ProcessState] after the report
        # @return [void]
        def write(report, process)
          row = process.row(report.received_at)
          values = { report: REPORTS.fetch(report.type), service: row.service, pid: row.process_id, host: row.host }
          values.merge!(report.type == "snapshot" ? figures(row) : details(report))
          @out.puts([report.received_at.utc.iso8601(3), *values.map do |name, value|
            "#{name}=#{show(value)}"
          end].join(" "))
          @out.flush
        end

        private

        def figures(row)
          { rss_bytes: row.rss_bytes, live_slots: row.live_slots, free_slots: row.free_slots,
            allocations_per_s: row.allocation_rate&.round, gc_per_minute: row.gc_per_minute&.round(1),
            gc_share: row.gc_share&.round(4), pause_p99_ms: row.pause_p99_ms,
            classes: row.classes.max_by(TOP_CLASSES, &:objects).map { |one| "#{one.name}:#{one.objects}" }.join(",") }
        end

        def details(report)
          return { reason: Fields.text(report.payload, "reason", limit: 16) } if report.type == "goodbye"

          { duration_ms: Fields.number(report.payload, "gc_duration_since_last_check_ms"),
            collections: Fields.count(report.payload, "gc_invocation_count") }
        end

        def show(value)
          text = value.to_s
          return "-" if text.empty?

          text.match?(/[\s"=]/) ? text.inspect : text
        end
      end
    end
  end
end
