# frozen_string_literal: true

module HeapPeriscopeUi
  # Some classes over a range, in as few points as a sparkline has: reads every n-th census only.
  module ClassTrends
    POINTS = 40

    module_function

    # @param names [Array<String>]
    # @param by [String] one of {ClassHistoryQuery::BY}
    # @return [Hash{String=>Array<Integer>}] oldest first
    def of(process, range, names, by: "bytes")
      rows = SampleRows.new(process, range, columns: %i[classes]).call.select(&:classes)
      step = [rows.size / POINTS, 1].max
      chosen = rows.each_slice(step).map(&:last)
      ids = Name.where(text: names).pluck(:id, :text).to_h
      lists = names.to_h { |name| [name, []] }
      chosen.each { |row| read(row, ids, lists, by == "bytes" ? 3 : 2) }
      lists
    end

    def read(row, ids, lists, column)
      Packing.load_classes(row.classes).each do |entry|
        name = ids[entry[0]]
        lists[name] << entry[column] if name && entry[column]
      end
    end
  end
end
