# frozen_string_literal: true

require_relative "format"
require_relative "table"

module HeapPeriscopeAgent
  module CLI
    class Top < Command
      # One line for each class of the process that is looked at.
      class ClassTable
        # What classes can be sorted by, with the title of that column
        ORDERS = { objects: "count", bytes: "bytes", objects_delta: "Δ count", bytes_delta: "Δ bytes" }.freeze
        private_constant :ORDERS

        # @return [Array<Symbol>]
        def self.orders = ORDERS.keys

        # @param process [ProcessRow]
        # @param order [Symbol] one of orders
        def initialize(process, width, style, order:)
          @process = process
          @order = order
          @style = style
          @table = Table.new(columns, width)
        end

        # @return [String]
        def head = @table.head(@style, :strong)

        # @return [Array<String>] the first ones in the order
        def lines(limit)
          sorted.first(limit).map { |row| @table.row(row, @style) }
        end

        # @return [String, nil] why there is no table by class, and what to do
        def hint
          return if @process.classes_by == :class

          "by type only: for classes set enable_detailed_objects, or use heap_periscope run --detailed"
        end

        private

        # What is not known comes last; equals stay in the order the process told them.
        def sorted
          @process.classes.each_with_index.sort_by do |row, index|
            [-(row[@order] || -Float::INFINITY), index]
          end.map(&:first)
        end

        def columns
          [
            column(titles, 20, 0, align: :left, keep: :end) { |row| " #{row.name}" },
            column("", 8, 4, align: :left, look: ->(_) { :faint }, &:kind),
            column(label(:objects), 11, 0) { |row| Format.whole(row.objects) },
            column(label(:bytes), 9, 1) { |row| Format.bytes(row.bytes) },
            column("#{label(:objects_delta)}  ", 14, 1, look: ->(row) { :warning if row.grows? }) do |row|
              delta(Format.delta(row.objects_delta), 12, row.grows?)
            end,
            column("#{label(:bytes_delta)}  ", 13, 3, look: ->(row) { :warning if row.grows_in_bytes? }) do |row|
              delta(Format.bytes_delta(row.bytes_delta), 11, row.grows_in_bytes?)
            end
          ]
        end

        def column(title, width, rank, align: :right, look: nil, keep: nil, &value)
          Table::Column.new(title: title, width: width, align: align, rank: rank, value: value, look: look, keep: keep)
        end

        def titles
          since = @process.classes_since&.strftime("since %H:%M:%S")
          process = " #{@process.service} #{@process.process_id}"
          what = "living objects by #{@process.classes_by || "class"}"
          [[what, since].compact.join(", "), since, nil].map { |rest| [process, rest].compact.join(" · ") }
        end

        def label(order) = @order == order ? "▼#{ORDERS[order]}" : ORDERS[order]

        # The sign stands in one line, and so do the last digits.
        def delta(text, columns, grows)
          sign, figure = text.include?(" ") ? text.split(" ", 2) : ["", text]
          "#{Text.fit(sign, 1)}#{Text.fit(figure, columns - 1, align: :right)}#{grows ? " ▲" : "  "}"
        end
      end
    end
  end
end
