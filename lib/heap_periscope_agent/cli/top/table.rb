# frozen_string_literal: true

require_relative "../command"
require_relative "../text"

module HeapPeriscopeAgent
  module CLI
    class Top < Command
      # Columns that fit a width: the least important ones are left out, and the first one takes what is left over.
      class Table
        GAP = 2
        # title: a text, or several, of which the first that fits is used · width: least columns it needs · most: how
        # far the first one may grow · rank: the higher, the sooner left out · value: row → text · look: row → a look of
        # Style · keep: the end of a text that stays when it is cut
        Column = Struct.new(:title, :width, :align, :rank, :value, :look, :keep, :most, keyword_init: true)

        # @param columns [Array<Column>]
        # @param width [Integer] columns of the terminal
        def initialize(columns, width)
          @columns = columns.dup
          @columns.delete(@columns.drop(1).max_by(&:rank)) while @columns.size > 1 && needed > width
          first = @columns.first
          @first_width = (first.width + width - needed).clamp(1, first.most || width)
        end

        # @param row [Object] what the columns read
        # @param style [Style]
        # @return [String]
        def row(row, style)
          each_column.map do |column, columns|
            text = Text.fit(column.value.call(row), columns, align: column.align, keep: column.keep || :start)
            style.paint(text, column.look&.call(row))
          end.join(" " * GAP)
        end

        # @return [String] the titles, painted
        def head(style, look)
          titles = each_column.map do |column, columns|
            title = Array(column.title).find { |text| Text.width(text) <= columns } || Array(column.title).last
            Text.fit(title, columns, align: column.align)
          end
          style.paint(titles.join(" " * GAP), look)
        end

        private

        def needed = @columns.sum(&:width) + (GAP * (@columns.size - 1))

        # Yields each column with the width it has.
        def each_column
          @columns.zip([@first_width, *@columns.drop(1).map(&:width)])
        end
      end
    end
  end
end
