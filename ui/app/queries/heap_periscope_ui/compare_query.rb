# frozen_string_literal: true

module HeapPeriscopeUi
  # What grew between two moments of a process, or between two processes.
  class CompareQuery
    METRICS = %w[rss_bytes pss_bytes heap_live_slots heap_free_slots old_objects allocation_rate gc_share
                 pause_p99_ms].freeze

    # @param before, after [Array(ObservedProcess, Integer)] process and unix ms (nil: newest)
    def initialize(before, after)
      @before = before
      @after = after
    end

    # @return [Hash] {a: side, b: side, hours: Float or nil, objects_change:, bytes_change: over all classes of both tables or nil, total: classes,
    #   changed: Integer, classes: [{name:, kind:, a: {count:, bytes:} or nil, b: {…} or nil, count_change: or nil, bytes_change: or nil,
    #   count_per_hour: or nil, state: "grew"|"shrank"|"same"|"new"|"gone"|"unclear" (below the list of one side, and not more on the other),
    #   a_at_most:, b_at_most: greatest count it can have had where it is not on that side's list, or nil, suspect: Boolean}] largest growth first,
    #   metrics: [{name:, unit:, a:, b:, change:}]} with side = {process: {ProcessSummary.of}, at: unix ms or nil, metrics_at: or nil}
    def call
      tables = [@before, @after].map { |process, at| table(process, at) }
      figures = [@before, @after].map { |process, at| MomentQuery.new(process, at: at).find }
      classes = classes(*tables)
      {
        a: side(@before, tables[0], figures[0]), b: side(@after, tables[1], figures[1]), hours: hours(*tables),
        objects_change: total(tables, 1), bytes_change: total(tables, 2), total: classes.size, changed: classes.count do |row|
                                                                            row[:state] != "same"
                                                                          end,
        classes: classes, metrics: metrics(*figures)
      }
    end

    # @return [Hash] a class's row without nesting, for CSV
    def self.flat(row)
      sides = %i[a b].flat_map { |side| %i[count bytes].map { |key| [:"#{side}_#{key}", row[side]&.fetch(key)] } }.to_h
      row.slice(:name, :kind).merge(sides, row.slice(:count_change, :bytes_change, :count_per_hour, :state, :a_at_most, :b_at_most))
    end

    private

    # @return [Array(Integer, Hash)] when, and name id => [platform?, count, bytes]
    def table(process, at)
      row = MomentQuery.new(process, at: at, having: :classes).find
      [row&.at, row ? Packing.load_classes(row.classes).to_h { |id, *rest| [id, rest] } : {}]
    end

    def side((process, _), table, figures)
      { process: ProcessSummary.of(process), at: table[0], metrics_at: figures&.at }
    end

    def hours(before, after)
      return unless before[0] && after[0] && @before[0].id == @after[0].id && after[0] != before[0]

      (after[0] - before[0]) / 3_600_000.0
    end

    def total(tables, index)
      return if tables.any? { |at, _| at.nil? }

      tables[1][1].sum { |_, entry| entry[index] || 0 } - tables[0][1].sum { |_, entry| entry[index] || 0 }
    end

    def classes(before, after)
      ids = before[1].keys | after[1].keys
      texts = Name.texts(ids)
      span = hours(before, after)
      @least = [before, after].map { |_, table| table.each_value.map { |entry| entry[1] }.min }
      rows = ids.map { |id| row(texts[id], id, before[1][id], after[1][id], span) }
      rows.sort_by { |row| [-(row[:bytes_change] || row[:count_change] || 0), row[:name]] }
    end

    def row(name, id, one, two, span)
      count = one && two && (two[1] - one[1])
      bytes = one && two && one[2] && two[2] && (two[2] - one[2])
      { name: name, kind: (two || one)[0] ? "platform" : "application", a: figures(one), b: figures(two), count_change: count, bytes_change: bytes,
        count_per_hour: count && span && (count / span), state: state(one, two, count), **at_most(one, two), suspect: suspects.include?(id) }
    end

    def figures(entry)
      entry && { count: entry[1], bytes: entry[2] }
    end

    def state(one, two, count)
      return beside(@least[0], two[1], none: "new", more: "grew") unless one
      return beside(@least[1], one[1], none: "gone", more: "shrank") unless two
      return "same" if count.zero?

      count.positive? ? "grew" : "shrank"
    end

    def at_most(one, two)
      { a_at_most: (@least[0] unless one), b_at_most: (@least[1] unless two) }
    end

    # Tables hold the classes with most objects: one that is not in a table had at most as many as its least.
    def beside(least, count, none:, more:)
      return none if least.nil? || least <= 1

      count > least ? more : "unclear"
    end

    def suspects
      @suspects ||= LeakSuspect.where(process_id: @after[0].id, ended_at: nil, confidence: %w[medium high]).pluck(:name_id).to_set
    end

    def metrics(one, two)
      METRICS.map do |name|
        index = Metrics::INDEX[name]
        a = one&.metric(index)
        b = two&.metric(index)
        { name: name, unit: Metrics::ALL[index].unit, a: a, b: b, change: a && b && (b - a) }
      end
    end
  end
end
