# frozen_string_literal: true

module HeapPeriscopeUi
  # What the page of a process or service shows. Everything is read when it is asked for first, so that a part costs only itself.
  class ProcessPage
    CLASSES_SHOWN = 14
    # What "Show all" shows: a table of more rows takes a browser seconds.
    CLASSES_MOST = 2_000
    EVENTS_SHOWN = 12
    METRICS = %w[heap_live_slots heap_free_slots heap_total_slots pause_max_ms pause_p95_ms pause_p50_ms pause_total_ms rss_bytes pss_bytes
                 allocation_rate gc_share].freeze

    attr_reader :subject, :range, :options

    # @param subject [ObservedProcess, ObservedService]
    # @param range [TimeRange]
    # @param classes [Hash] options of the class tables: kind:, filter:, sort:, since:, all:, name:, top:, by:, form:
    # @param events [String, nil] only this kind
    # @param before [Integer, nil] only events before this id
    def initialize(subject, range, classes:, events:, before:)
      @subject = subject
      @range = range
      @options = classes
      @events_kind = events
      @before = before
    end

    def service?
      subject.is_a?(ObservedService)
    end

    def summary
      @summary ||= ProcessSummary.of(subject)
    end

    # @return [Hash, nil] {MomentQuery#call} at the end of the range
    def moment
      @moment ||= MomentQuery.new(subject, at: (range.to unless range.live?)).call
    end

    # @return [Hash, nil] the same at its beginning, or at the first report in it
    def beginning
      @beginning ||= MomentQuery.new(subject).then { |query| query.describe(query.earliest(range)) }
    end

    def empty?
      moment.nil? || beginning.nil?
    end

    def metric(name)
      moment&.dig(:metrics, name)
    end

    # @return [Numeric, nil] how much a metric changed in the range
    def change(name)
      one, two = beginning&.dig(:metrics, name), metric(name)
      one && two && (two - one)
    end

    # @return [Integer, nil] how far a counter of GC.stat went in the range
    def counted(key)
      one, two = [beginning, moment].map { |moment| moment&.dig(:sections, "gc_stats", key) }
      one && two && two >= one ? two - one : nil
    end

    # @return [Integer] ms between the two moments
    def observed_ms
      empty? ? 0 : moment[:at] - beginning[:at]
    end

    def pauses
      @pauses ||= PausesQuery.new(subject, range).call
    end

    # @return [Array<Hash>] {slot_bytes:, live:, free:, used: share}
    def pools
      values = moment&.dig(:sections, "heap_pools") || {}
      values.group_by { |key, _| key.to_s[/\A\d+/].to_i }.sort.filter_map do |bytes, pairs|
        pool = pairs.to_h { |key, value| [key.to_s.split(".").last, value] }
        total, live = pool.values_at("total_slots", "live_slots")
        { slot_bytes: bytes, live: live, free: total - live, used: live / total.to_f } if total.to_i.positive? && live
      end
    end

    def classes
      at = range.to unless range.live?
      limit = options[:all] ? CLASSES_MOST : CLASSES_SHOWN
      @classes ||= ClassesQuery.new(subject, at: at, since: since, limit: limit, **options.slice(:kind, :filter, :sort)).call
    end

    # @return [Integer] unix ms from which growth is counted: the first census in the range, unless another was chosen
    def since
      @since ||= options[:since] || MomentQuery.new(subject, having: :classes).earliest(range)&.at || range.from
    end

    # @return [String] what histories of classes follow: bytes, where the agent sends them
    def by
      options[:by] || (classes[:at] && classes[:kinds].values.sum { |kind| kind[:bytes] }.zero? ? "count" : "bytes")
    end

    # @return [Hash{String=>Array}] values of the shown classes in the range
    def trends
      @trends ||= ClassTrends.of(subject, range, classes[:classes].map { |row| row[:name] }, by: by)
    end

    def events
      @events ||= EventsQuery.new(subject, kinds: @events_kind && [@events_kind], before: @before, limit: EVENTS_SHOWN).call
    end

    # @return [Integer] where the page begins to follow
    def cursor
      Event.where(process_id: subject.id).maximum(:id) || 0
    end

    def suspects
      @suspects ||= SuspectsQuery.new(process: (subject unless service?), service: (subject.service_name if service?)).call[:suspects]
    end

    def members
      @members ||= OverviewQuery.new(service: subject.service_name).processes
    end

    # @return [Hash] GC.stat or the like at the end of the range
    def section(name)
      moment&.dig(:sections, name) || {}
    end
  end
end
