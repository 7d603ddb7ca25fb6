# frozen_string_literal: true

module HeapPeriscopeUi
  # Living objects of some classes over time.
  class ClassHistoryQuery
    TOPS = [5, 10, 15, 20].freeze
    BY = %w[bytes count].freeze

    # @param names [Array<String>, nil] these classes; nil: the `top` classes of the newest table
    # @param top [Integer] one of {TOPS}
    # @param by [String] what to follow: one of {BY}
    # @param kind [String, nil] "application" or "platform", for the top
    # @raise [BadParameter]
    def initialize(process, range, names: nil, top: 5, by: "bytes", kind: nil)
      raise BadParameter, "top must be one of #{TOPS.join(", ")}, not #{top.inspect}" unless TOPS.include?(top)
      raise BadParameter, "by must be one of #{BY.join(", ")}, not #{by.inspect}" unless BY.include?(by)

      @process = process
      @range = range
      @names = names
      @top = top
      @by = by
      @kind = kind
    end

    # @return [Hash] {from:, to:, step_ms:, interval_ms:, by:, names: [String] largest first, series: {name => [[unix_ms, value or nil], …]}};
    #   nil where the class was not in that table
    def call
      rows = SampleRows.new(@process, @range, columns: %i[classes]).call
      tables = rows.filter_map { |row| row.classes && [row.at, table(row.classes)] }
      ids = chosen(tables)
      texts = Name.texts(ids)
      {
        from: @range.from, to: @range.to, step_ms: rows.level.step_ms,
        interval_ms: rows.level.step_ms.zero? ? (@process.interval * 1000).to_i : rows.level.step_ms, by: @by,
        names: ids.map { |id| texts[id] }, series: ids.to_h do |id|
                                             [texts[id], tables.map do |at, table|
                                               [at, table[id]]
                                             end]
                                           end
      }
    end

    private

    # @return [Hash{Integer=>Integer}] name id => value
    def table(blob)
      Packing.load_classes(blob).each_with_object({}) do |(id, platform, count, bytes), table|
        next if @kind && platform != (@kind == "platform")

        table[id] = @by == "bytes" ? bytes : count
      end
    end

    def chosen(tables)
      return Name.where(text: @names).pluck(:id) if @names
      return [] if tables.empty?

      tables.last.last.sort_by { |_, value| -(value || 0) }.first(@top).map(&:first)
    end
  end
end
