# frozen_string_literal: true

module HeapPeriscopeUi
  # Rows of a process or service in a range, from the finest level that has it in few enough rows. Where a rollup level has not
  # caught up with the present, the newest rollup is followed by nothing: minutes are rolled up within seconds of their end.
  class SampleRows
    include Enumerable

    PAUSES = Metrics::INDEX.fetch("pause_count")

    # One row, unpacked where asked.
    Row = Struct.new(:at, :reports, :core, :layout_id, :details, :pauses, :classes, :spans, :allocation_sites,
                     :retained_sites, :width) do
      # @param index [Integer] in {Metrics::ALL}
      # @return [Numeric, nil] mean over the row's time
      def metric(index)
        scale(values[index * width], index)
      end

      # @return [Array(Numeric, Numeric)] least and greatest
      def band(index)
        if width == 1
          [metric(index)] * 2
        else
          [scale(values[(index * 3) + 1], index),
           scale(values[(index * 3) + 2], index)]
        end
      end

      # @param since [Integer] unix ms, {Store::WholePauses.since}
      # @return [Boolean] whether pauses are missing in its histogram
      def pauses_missing?(since)
        !pauses.nil? && at < since && Packing.load(pauses).sum < (metric(PAUSES) || 0)
      end

      # @param name [String] as in {Store::Sections.names}
      def detail(name)
        position = Layout.positions(layout_id)[name] or return
        value = detail_values[position]
        Store::Sections::SCALED.include?(name[/\A\w+/]) ? Store::Sections.unscale(value) : value
      end

      def values
        @values ||= Packing.load(core)
      end

      def detail_values
        @detail_values ||= Packing.load(details)
      end

      private

      def scale(value, index)
        value && (Metrics::SCALES[index] == 1 ? value : value / Metrics::SCALES[index].to_f)
      end
    end

    COLUMNS = %i[core layout_id details pauses classes spans allocation_sites retained_sites].freeze

    # @return [Levels::Level]
    attr_reader :level

    # @param columns [Array<Symbol>] of {COLUMNS}; the others are nil
    # @param level [Levels::Level, nil] instead of the one that fits
    def initialize(process, range, columns:, level: nil)
      @process = process
      @range = range
      @columns = columns
      raw = !process.is_a?(ObservedService)
      @level = level || Levels.pick(range.from, range.to, interval: process.interval, raw: raw)
    end

    # Reads the rows. Where the level is not complete yet, the finer ones follow.
    # @return [SampleRows] self
    def call
      @rows = []
      from = @range.from
      level.index.downto(@process.is_a?(ObservedService) ? 1 : 0) do |index|
        finer = Levels::ALL[index]
        upto = index.zero? ? nil : Store::Rollup.mark(finer) || from
        @rows.concat(read(finer, from, upto))
        from = [from, upto].max if upto
      end
      self
    end

    def each(&block)
      @rows.each(&block)
    end

    def size
      @rows.size
    end

    private

    def read(level, from, upto)
      scope = Sample.at_level(level).where(process_id: @process.id,
                                           at: from..@range.to).order(:at).limit(Levels::POINTS + 1)
      scope = scope.where("at < ?", upto) if upto
      width = level.step_ms.zero? ? 1 : 3
      scope.pluck(:at, :reports, *@columns).map { |at, reports, *values| row(at, reports, values, width) }
    end

    def row(at, reports, values, width)
      row = Row.new(at, reports)
      row.width = width
      @columns.zip(values) { |column, value| row[column] = value }
      row
    end
  end
end
