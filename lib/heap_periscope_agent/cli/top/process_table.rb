# frozen_string_literal: true

require_relative "format"
require_relative "table"

module HeapPeriscopeAgent
  module CLI
    class Top < Command
      # One line for each process.
      class ProcessTable
        TREND_MINUTES = 5
        BAR_COLUMNS = 8
        STATES = { silent: "silent", ended: "ended", gone: "gone" }.freeze
        # A collector that takes a tenth of the time is worth a look
        MUCH_GC = 0.1
        private_constant :BAR_COLUMNS, :STATES, :MUCH_GC

        # @param selected [String, nil] the key of the process that is marked
        # @param hosts [Boolean] whether processes of several machines are shown
        # @param order [Symbol] the title of the column they are sorted by is marked
        def initialize(width, style, selected: nil, order: nil, hosts: false)
          @order = order
          @style = style
          @selected = selected
          @table = Table.new(hosts ? columns : columns.reject { |column| column.title == "HOST" }, width)
        end

        # @return [String]
        def head = @table.head(@style, :strong)

        # @return [String]
        def line(row) = @table.row(row, @style)

        private

        def columns = [*identity, *heap, *collector, *times]

        def identity
          [column(" SERVICE", 9, 0, align: :left, most: 24, look: method(:look)) { |row| "#{mark(row)}#{row.service}" },
           column("PID", 7, 1, look: method(:look)) { |row| row.process_id.to_s },
           column("HOST", 12, 9, align: :left) { |row| row.host.to_s },
           column("RUBY", 6, 7, align: :left) { |row| row.ruby || Format::UNKNOWN }]
        end

        def heap
          [column(label("RSS", :rss), 9, 0) { |row| Format.bytes(row.rss_bytes) },
           column("LIVE SLOTS", 11, 0) { |row| Format.whole(row.live_slots) },
           column("", BAR_COLUMNS, 8, align: :left) { |row| bar(row) },
           column("FREE", 5, 4) { |row| share(row.free_share) },
           column(label("ALLOC/s", :allocation), 8, 2) { |row| Format.short(row.allocation_rate) }]
        end

        def collector
          [column("GC/min", 6, 6) { |row| Format.short(row.gc_per_minute) },
           column(label("GC %", :gc), 5, 2, look: method(:gc_look)) { |row| Format.percent(row.gc_share) },
           column("PAUSE p99", 9, 3) { |row| Format.ms(row.pause_p99_ms) }]
        end

        def times
          [column("AGE", 6, 1, look: method(:look)) { |row| STATES.fetch(row.state) { Format.age(row.age_s) } },
           column("TREND (#{TREND_MINUTES} min)", 13, 5, align: :left) { |row| Format.sparkline(row.trend) }]
        end

        def column(title, width, rank, align: :right, look: nil, most: nil, &value)
          Table::Column.new(title: title, width: width, align: align, rank: rank, value: value, look: look, most: most)
        end

        def label(title, order) = @order == order ? "▼#{title}" : title
        def gc_look(row) = row.gc_share.to_f > MUCH_GC ? :warning : nil
        def mark(row) = row.key == @selected ? "▸" : " "

        def look(row)
          return :faint unless row.state == :alive

          :title if row.key == @selected
        end

        def bar(row)
          share = row.free_share
          Format.bar(share && (1 - share), BAR_COLUMNS)
        end

        def share(share) = share ? "#{Format.percent(share, digits: 0)} %" : Format::UNKNOWN
      end
    end
  end
end
