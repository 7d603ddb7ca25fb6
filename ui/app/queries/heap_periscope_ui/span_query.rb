# frozen_string_literal: true

module HeapPeriscopeUi
  # One span name in detail: its figures over time, and what lived after its calls.
  class SpanQuery
    CENSUSES = 200
    CLASSES = 6

    # @param subjects [Array<ObservedProcess, ObservedService>] as for {SpansQuery}
    # @param type [String] one of {Metrics::SPAN_TYPES}
    # @param name [String]
    # @raise [BadParameter]
    # @param summary [Hash, nil] the row of {SpansQuery#call}, where it is known already
    def initialize(subjects, range, type:, name:, summary: nil)
      @type = Metrics::SPAN_TYPES.index(type) or raise BadParameter,
                                                       "type must be one of #{Metrics::SPAN_TYPES.join(", ")}, not #{type.inspect}"
      @subjects = subjects
      @range = range
      @name = name
      @summary = summary
    end

    # @return [Hash, nil] nil for a name that is not known. {type:, name:, summary: a row of {SpansQuery#call} or nil, calls_per_minute: Float,
    #   series: {"calls" => [[unix_ms, n], …], "allocated_per_call" => …, "gc_ms_per_call" => …, "survivors" => …}, step_ms:, interval_ms:,
    #   measured_at: or nil, live_objects: [{name:, kind:, count:, bytes:}], survivors: [same, with per_call:],
    #   live_series: {class name => [[unix_ms, count], …]}, survivor_series: same}
    def call
      id = Name.where(text: @name).pick(:id) or return
      rows = spans
      summary = @summary || all_of_type.find { |row| row[:name] == @name }
      { type: Metrics::SPAN_TYPES[@type], name: @name, summary: summary, calls_per_minute: summary ? summary[:calls] * 60_000.0 / @range.width : 0.0,
        **series(rows, id), **censuses(id, summary) }
    end

    # @param result [Hash] what {#call} answered
    # @return [Array<Hash>] the classes that lived, for CSV
    def self.rows(result)
      %i[survivors live_objects].flat_map do |list|
        result[list].map { |row| { list: list, **row.slice(:name, :kind, :count, :bytes), per_call: row[:per_call] } }
      end
    end

    private

    def all_of_type
      SpansQuery.new(@subjects, @range, type: Metrics::SPAN_TYPES[@type], own: true).call[:spans]
    end

    def spans
      @subjects.map { |subject| SampleRows.new(subject, @range, columns: %i[spans]).call }.max_by(&:size)
    end

    def series(rows, id)
      points = rows ? rows.filter_map { |row| point(row, id) } : []
      step = rows ? rows.level.step_ms : 0
      { series: { "calls" => points.map { |at, span| [at, span[2]] }, "allocated_per_call" => points.map do |at, span|
        [at, per_call(span, 5)]
      end,
                  "gc_ms_per_call" => points.map do |at, span|
                    [at, per_call(span, 7, 1000.0)]
                  end, "survivors" => points.map do |at, span|
                         [at, span[8]]
                       end },
        step_ms: step, interval_ms: step.zero? ? 10_000 : step }
    end

    def point(row, id)
      span = Packing.load_spans(row.spans).find { |entry| entry[0] == id && entry[1] == @type }
      span && [row.at, span]
    end

    def per_call(span, index, scale = 1.0)
      span[2].zero? ? nil : span[index] / scale / span[2]
    end

    def census_rows(id)
      processes = @subjects.flat_map { |subject| subject.is_a?(ObservedService) ? subject.members.ids : [subject.id] }
      scope = SpanCensus.where(process_id: processes, name_id: id, span_type: @type, at: @range.from..@range.to)
      scope.order(at: :desc).limit(CENSUSES).pluck(:at, :live_objects, :survivors).reverse
    end

    def censuses(id, summary)
      rows = census_rows(id)
      live = rows.filter_map { |at, blob, _| blob && [at, Packing.load_classes(blob)] }
      kept = rows.filter_map { |at, _, blob| blob && [at, Packing.load_classes(blob)] }
      texts = Name.texts((live + kept).flat_map { |_, list| list.map(&:first) })
      { measured_at: live.last&.first, live_objects: objects(live.last, texts), live_series: history(live, texts), survivor_series: history(kept, texts),
        survivors: objects(kept.last, texts).each do |row|
          row[:per_call] = summary && (row[:count] / [summary[:calls], 1].max.to_f)
        end }
    end

    def objects(census, texts)
      (census ? census.last : []).map do |id, platform, count, bytes|
        { name: texts[id], kind: platform ? "platform" : "application", count: count, bytes: bytes }
      end
    end

    def history(censuses, texts)
      return {} if censuses.empty?

      censuses.last.last.sort_by { |entry| -entry[2] }.first(CLASSES).to_h do |id, *|
        [texts[id], censuses.map { |at, list| [at, list.find { |entry| entry[0] == id }&.at(2)] }]
      end
    end
  end
end
