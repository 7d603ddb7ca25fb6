# frozen_string_literal: true

module HeapPeriscopeUi
  # What actions, models, jobs and tasks allocated, kept and paid in a range.
  class SpansQuery
    SORTS = %w[name calls errors allocated allocated_per_call retained_per_call gc_ms_per_call wall_ms_per_call].freeze
    TREND_POINTS = 40
    YOUNG_MS = 180_000
    YOUNG_LIMIT = 20
    # The dashboard watches its own pages too, where it runs in a server that is watched. Whoever looks at spans means the application's.
    OWN = "HeapPeriscopeUi::"

    # @param subjects [Array<ObservedProcess, ObservedService>] summed up; see {.subjects}
    # @param type [String, nil] one of {Metrics::SPAN_TYPES}; nil: all
    # @param filter [String, nil] part of the name
    # @param sort [String] one of {SORTS}
    # @param own [Boolean] also what the dashboard's own controllers did
    # @raise [BadParameter]
    def initialize(subjects, range, type: nil, filter: nil, sort: "allocated", limit: nil, own: false)
      unless type.nil? || Metrics::SPAN_TYPES.include?(type)
        raise BadParameter, "type must be one of #{Metrics::SPAN_TYPES.join(", ")}, not #{type.inspect}"
      end
      raise BadParameter, "sort must be one of #{SORTS.join(", ")}, not #{sort.inspect}" unless SORTS.include?(sort)

      @subjects = subjects
      @range = range
      @type = type
      @filter = filter.presence&.downcase
      @sort = sort
      @limit = limit
      @own = own
    end

    # Every service: its rows already sum up its processes. They are made once a minute, so the processes of a service that has
    # just begun to report stand for themselves.
    # @return [Array<ObservedProcess, ObservedService>]
    def self.subjects(process: nil, now: Timestamps.now)
      return [process] if process

      services = ObservedService.kept.index_by(&:service_name)
      young = ObservedProcess.kept.group(:service_name).having("MIN(first_seen_at) > ?", now - YOUNG_MS).pluck(:service_name)
      services.except(*young).values + ObservedProcess.kept.where(service_name: young).limit(YOUNG_LIMIT).to_a
    end

    # @return [Hash] {from:, to:, own: names of the dashboard's own, types: {"controller" => number of names, …}, total:, calls:, spans: [{type:, name:, calls:, errors:,
    #   wall_ms:, allocated: objects, allocated_by: "thread"|"process", gc_ms:, allocated_per_call:, retained_per_call: or nil (needs sampling),
    #   gc_ms_per_call:, wall_ms_per_call:, survivors: or nil, trend: [survivors, oldest first]}]}
    def call
      own, rows = entries.partition { |row| row[:name].to_s.start_with?(OWN) }
      rows += own if @own
      chosen = rows.select do |row|
        (@type.nil? || row[:type] == @type) && (@filter.nil? || row[:name].downcase.include?(@filter))
      end
      sorted = sort(chosen)
      { from: @range.from, to: @range.to, own: own.size, types: Metrics::SPAN_TYPES.to_h do |type|
        [type, rows.count do |row|
          row[:type] == type
        end]
      end,
        total: chosen.size, calls: chosen.sum { |row| row[:calls] }, spans: @limit ? sorted.first(@limit) : sorted }
    end

    private

    def entries
      sums = @subjects.each_with_object({}) do |subject, all|
        SpanSums.of(subject, @range).each do |key, sum|
          merge(all, key, sum)
        end
      end
      texts = Name.texts(sums.keys.map(&:first))
      sums.map { |(id, type), sum| row(texts[id], Metrics::SPAN_TYPES[type], sum) }
    end

    def merge(all, key, sum)
      all[key] ? all[key].add(sum) : all[key] = sum
    end

    def row(name, type, sum)
      calls = [sum.calls, 1].max.to_f
      { type: type, name: name, calls: sum.calls, errors: sum.errors, wall_ms: sum.wall_us / 1000.0, allocated: sum.allocated,
        allocated_by: sum.by_process ? "process" : "thread", gc_ms: sum.gc_us / 1000.0, allocated_per_call: sum.allocated / calls,
        retained_per_call: sum.retained && (sum.retained / calls), gc_ms_per_call: sum.gc_us / 1000.0 / calls,
        wall_ms_per_call: sum.wall_us / 1000.0 / calls, survivors: sum.survivors, trend: sum.trend(TREND_POINTS) }
    end

    def sort(rows)
      return rows.sort_by { |row| row[:name] } if @sort == "name"

      rows.sort_by { |row| [-(row[@sort.to_sym] || -1), row[:name]] }
    end
  end
end
