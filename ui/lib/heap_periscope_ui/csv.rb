# frozen_string_literal: true

module HeapPeriscopeUi
  # Tables as CSV (RFC 4180).
  module Csv
    # A spreadsheet would run a cell that begins so.
    FORMULA = /\A[=+\-@\t\r]/

    module_function

    # @param rows [Array<Hash>] all with the same keys
    # @return [String]
    def generate(rows)
      head = rows.first ? rows.first.keys : []
      [head, *rows.map { |row| head.map { |key| row[key] } }].map do |cells|
        cells.map do |cell|
          quote(cell)
        end.join(",") << "\r\n"
      end.join
    end

    def quote(cell)
      cell = JSON.generate(cell) if cell.is_a?(Hash) || cell.is_a?(Array)
      text = cell.to_s
      text = "'#{text}" if cell.is_a?(String) && text.match?(FORMULA)
      text.match?(/[",\r\n]/) ? "\"#{text.gsub('"', '""')}\"" : text
    end
  end
end
