# frozen_string_literal: true

module HeapPeriscopeUi
  # Everything a process or service said at one moment: the newest row at or before it.
  class MomentQuery
    # How far back a moment may lie behind what is asked for.
    REACH_MS = 4 * 7_200_000

    # @param process [ObservedProcess, ObservedService]
    # @param at [Integer, nil] unix ms; nil: the newest
    # @param having [Symbol, nil] a column the row must have, e.g. :classes
    def initialize(process, at: nil, having: nil)
      @process = process
      @at = at
      @having = having
    end

    # @return [Hash, nil] {at:, metrics: {name => value}, sections: {"gc_stats" => {key => value},
    #   "object_space_summary" => {…}, "process_memory" => {…}, "heap_pools" => {"40.live_slots" => n, …}, "agent_cost" => {…},
    #   "census" => {…}}, pauses: [[minor, major], …]
    #   by {Metrics::PAUSE_BOUNDS_MS} or nil, classes: blob, spans: blob}; nil when nothing is stored near
    def call
      describe(find)
    end

    # @return [SampleRows::Row, nil]
    def find
      level, at = levels.filter_map { |one| (at = newest_at(one)) && [one, at] }.max_by(&:last)
      at && row(level, at)
    end

    # @param range [TimeRange]
    # @return [SampleRows::Row, nil] the first row in the range
    def earliest(range)
      level, at = levels.filter_map do |one|
        at = scope_of(one).where(at: range.from..range.to).order(:at).limit(1).pick(:at)
        at && [one, at]
      end.min_by(&:last)
      at && row(level, at)
    end

    # @param row [SampleRows::Row, nil] of {#find} or {#earliest}
    # @return [Hash, nil] as {#call}
    def describe(row)
      row && {
        at: row.at, metrics: Metrics::NAMES.each_with_index.to_h { |name, index| [name, row.metric(index)] }, sections: sections(row),
        pauses: row.pauses && Packing.load(row.pauses).each_slice(2).to_a, classes: row.classes, spans: row.spans,
        allocation_sites: row.allocation_sites, retained_sites: row.retained_sites
      }
    end

    private

    # Minutes are kept without GC.stat and the like: the nearest row before has them. Sums of a service have none.
    def sections(row)
      row = MomentQuery.new(@process, at: row.at, having: :details).find unless row.details || service?
      row&.details ? Store::Sections.restore(Layout.keys_of(row.layout_id), row.detail_values) : {}
    end

    def service?
      @process.is_a?(ObservedService)
    end

    def levels
      return Levels::ROLLUPS if service?

      @having == :details ? Levels::ALL - [Levels::MINUTE] : Levels::ALL
    end

    def scope_of(level)
      scope = Sample.at_level(level).where(process_id: @process.id)
      @having ? scope.where.not(@having => nil) : scope
    end

    def newest_at(level)
      scope = scope_of(level)
      scope = scope.where(at: (@at - REACH_MS)..@at) if @at
      scope.order(at: :desc).limit(1).pick(:at)
    end

    def row(level, at)
      record = scope_of(level).where(at: at).first or return
      row = SampleRows::Row.new(record.at, record.reports)
      SampleRows::COLUMNS.each { |column| row[column] = record[column] }
      row.width = level.step_ms.zero? ? 1 : 3
      row
    end
  end
end
