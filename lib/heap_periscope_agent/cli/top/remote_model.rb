# frozen_string_literal: true

require_relative "../command"
require_relative "../receiving/fields"
require_relative "class_growth"
require_relative "rows"

module HeapPeriscopeAgent
  module CLI
    class Top < Command
      # Processes as a dashboard tells them; growth is counted here, from when the view opened.
      class RemoteModel
        MAX_PROCESSES = 500
        STATES = { "silent" => :silent, "gone" => :gone }.freeze
        TREND_CELLS = 13
        private_constant :MAX_PROCESSES, :STATES, :TREND_CELLS

        def initialize
          @rows = []
          @classes = {}
        end

        # @param answer [Hash] processes: [Hash] · selected: id of the process the classes are of · classes: [Hash]
        def update(answer, now)
          @processes = answer[:processes].first(MAX_PROCESSES)
          ids = @processes.map { |process| process["id"].to_s }
          @classes.keep_if { |id, _| ids.include?(id) }
          selected = answer[:selected] or return

          @growth = @classes[selected] ||= ClassGrowth.new
          @growth.update({ "living_objects_by_class" => by_name(answer[:classes]) }, now)
        end

        def empty? = @processes.to_a.empty?
        def lost = nil
        def events(_key) = []

        # @return [Array<ProcessRow>]
        def rows(now) = @processes.to_a.map { |process| row(process, now) }

        private

        def by_name(classes)
          classes.select { |one| one["name"].is_a?(String) }.to_h do |one|
            [one["name"], one.slice("count", "bytes").merge("is_platform_class" => platform?(one["kind"]))]
          end
        end

        def platform?(kind)
          { "platform" => true, "native" => true, "app" => false, "application" => false }[kind]
        end

        def row(process, now)
          growth = @classes[process["id"].to_s]
          ProcessRow.new(key: process["id"].to_s, **identity(process), **figures(process), age_s: age(process, now),
                         trend: trend(process), classes: growth ? growth.rows : [], classes_by: growth&.by,
                         classes_since: growth&.since)
        end

        def identity(process)
          { service: Fields.text(process, "service_name") || "?", host: Fields.text(process, "host"),
            process_id: Fields.count(process, "process_id"), ruby: Fields.text(process, "ruby", limit: 16),
            state: STATES.fetch(process["state"], :alive) }
        end

        def figures(process)
          whole = %w[rss_bytes heap_live_slots heap_free_slots].map { |key| Fields.number(process, key)&.round }
          { rss_bytes: whole[0], live_slots: whole[1], free_slots: whole[2],
            allocation_rate: Fields.number(process, "allocation_rate"),
            gc_per_minute: Fields.number(process, "gc_per_minute"), gc_share: Fields.number(process, "gc_share"),
            pause_p99_ms: Fields.number(process, "pause_p99_ms") }
        end

        # The newest points, a few of them in each cell, with blanks before them where there are not enough.
        def trend(process)
          points = [Fields.array(process, "rss_trend"), Fields.array(process, "trend")].find(&:any?).to_a
          values = points.map { |value| value if value.is_a?(Numeric) && value.to_f.finite? }
          values = values.each_slice((values.size / TREND_CELLS.to_f).ceil).map(&:last) if values.size > TREND_CELLS
          ([nil] * TREND_CELLS).concat(values).last(TREND_CELLS)
        end

        # @return [Float, nil] seconds; the dashboard tells times in milliseconds
        def age(process, now)
          seen = Fields.number(process, "last_seen_at")
          seen && [now - Time.at(seen / 1000.0), 0].max
        end
      end
    end
  end
end
