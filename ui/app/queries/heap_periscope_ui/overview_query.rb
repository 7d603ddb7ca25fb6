# frozen_string_literal: true

module HeapPeriscopeUi
  # Services, their hosts and processes, with what each reported last. Programs may fork a child for every job: what ended after a short life is
  # counted, not listed, and lists are cut into pages.
  class OverviewQuery
    STATES = %w[alive silent gone].freeze
    # Processes gone for longer than this are not listed unless asked for.
    GONE_SHOWN_MS = 86_400_000
    SUMS = %i[rss_bytes pss_bytes heap_live_slots heap_free_slots heap_total_slots allocation_rate].freeze
    FIGURES = [*SUMS, :gc_share, :pause_p99_ms, :pause_max_ms].freeze
    SORTS = { "rss" => :rss_bytes, "live" => :heap_live_slots, "allocated" => :allocation_rate, "gc" => :gc_share, "pause" => :pause_p99_ms }.freeze
    PER_PAGE = 100
    # A process whose goodbye came sooner after its first report.
    SHORT_MS = 60_000
    # Living processes whose figures are read for sums and for sorting, those that reported last.
    READ = 1_000

    # @param state [String, nil] only processes in this state
    # @param service [String, nil] only this service
    # @param all [Boolean] also processes that have been gone for more than a day, and those of a short life
    # @param filter [String] part of service, host or process id
    # @param sort [String] "name" or one of {SORTS}
    # @param page [Integer] from 1
    def initialize(state: nil, service: nil, all: false, filter: "", sort: "name", page: 1, per_page: PER_PAGE, now: Timestamps.now)
      if state && !STATES.include?(state)
        raise BadParameter,
              "state must be one of #{STATES.join(", ")}, not #{state.inspect}"
      end

      @state = state
      @service = service
      @all = all
      @filter = filter
      @sort = sort
      @page = page
      @per_page = per_page
      @now = now
    end

    # @return [Hash] {at:, processes: {alive:, silent:, gone:}, short_lived: Integer of those gone, hosts_count:, totals: totals, matching: processes
    #   that state and filter leave, page:, pages:, services: [{id:, name:, totals: totals, processes_count:, short_lived:,
    #   hosts: [{name:, ruby: [String], processes: [{ProcessSummary.of}] of this page}]}], suspects: [{SuspectsQuery#call entries}]}
    #   with totals = {rss_bytes:, pss_bytes:, heap_live_slots:, heap_free_slots:, heap_total_slots:, allocation_rate: sums of those alive,
    #   gc_share: mean weighted by nothing, highest_gc_share: {value:, process_id:}, pause_p99_ms: greatest, pause_max_ms: greatest, read: of how many}
    def call
      {
        at: @now, processes: STATES.to_h { |state| [state.to_sym, counts(state).values.sum] }, short_lived: short_lived.values.sum,
        hosts_count: shown_scope.distinct.count(:host), totals: totals(figures), matching: matching, page: @page, pages: pages,
        services: processes.group_by { |process| process[:service_name] }.map { |name, members| service(name, members) },
        suspects: SuspectsQuery.new(now: @now).call[:suspects]
      }
    end

    # @return [Array<Hash>] of {ProcessSummary.of}: one page, by service, host and process id or as sorted
    def processes
      @processes ||= summaries(page_ids)
    end

    # @return [Integer] processes that state and filter leave
    def matching
      @matching ||= listed.count
    end

    # @return [Array<Hash>] of {ProcessSummary.of}: some that stopped reporting without a farewell
    def silent(limit)
      shown_scope.in_state("silent", @now).order(last_seen_at: :desc).limit(limit).map { |process| ProcessSummary.of(process, @now) }
    end

    # @return [Array<Hash>] {trend:, rss_trend:, trend_step_ms:, …} of living processes, those that reported last, for charts of their sum
    def charted
      @charted ||= begin
        shown = processes.index_by { |process| process[:id] }
        ids = alive.order(last_seen_at: :desc).limit(PER_PAGE).ids
        shown.values_at(*ids).compact + trends(ids - shown.keys)
      end
    end

    private

    # @return [Array<Hash>] of {ProcessSummary.of}, in the order of the ids
    def summaries(ids)
      rows = ObservedProcess.where(id: ids).index_by(&:id)
      YoungTrends.fill(ids.filter_map { |id| rows[id] && ProcessSummary.of(rows[id], @now) }, @now)
    end

    # @return [Array<Hash>] what {YoungTrends} takes, of processes that are not listed
    def trends(ids)
      rows = ObservedProcess.where(id: ids).pluck(:id, :interval, :first_seen_at, :trend)
      list = rows.map do |id, interval, first_seen_at, trend|
        live, rss = Trend.load(trend)
        { id: id, interval: interval, first_seen_at: first_seen_at, trend: live, rss_trend: rss, trend_step_ms: 60_000 }
      end
      YoungTrends.fill(list, @now)
    end

    # Everything that the sums are about.
    def shown_scope
      scope = ObservedProcess.kept
      scope = scope.where(service_name: @service) if @service
      @all ? scope : scope.where("last_seen_at > ?", @now - GONE_SHOWN_MS)
    end

    def alive
      shown_scope.in_state("alive", @now)
    end

    # @param what [String] one of {STATES}, or "short"
    # @return [Hash{String=>Integer}] service => processes
    def counts(what)
      index = [*STATES, "short"].index(what) + 1
      tallies.to_h { |row| [row[0], row[index].to_i] }
    end

    # @return [Array<Array>] service and how many are alive, silent, gone, and gone after a short life, read once
    def tallies
      @tallies ||= shown_scope.group(:service_name).pluck(:service_name, *conditions.map { |text| Arel.sql("SUM(CASE WHEN #{text} THEN 1 ELSE 0 END)") })
    end

    def conditions
      times = { now: @now, gone: @now - ObservedProcess::GONE_AFTER_MS }
      states = STATES.map { |state| ObservedProcess.sanitize_sql([ObservedProcess::STATE_SQL.fetch(state), times]) }
      [*states, "goodbye_at - first_seen_at < #{SHORT_MS}"]
    end

    def short_lived
      @short_lived ||= counts("short")
    end

    def listed
      scope = shown_scope
      scope = scope.where("goodbye_at IS NULL OR goodbye_at - first_seen_at >= ?", SHORT_MS) unless @all
      scope = scope.in_state(@state, @now) if @state
      return scope if @filter.empty?

      text = "LOWER(service_name || ' ' || host || ' ' || process_id)"
      scope.where("#{text} LIKE ?", "%#{ObservedProcess.sanitize_sql_like(@filter.downcase)}%")
    end

    def pages
      [(matching / @per_page.to_f).ceil, 1].max
    end

    def page_ids
      @page_ids ||= SORTS.key?(@sort) ? sorted_ids : listed.order(:service_name, :host, :process_id, :id).offset(offset).limit(@per_page).ids
    end

    def offset
      (@page - 1) * @per_page
    end

    # By a figure of the newest report: of those alive first, the largest first; services by their sums.
    def sorted_ids
      known = largest_first
      others = listed.where.not(id: known.map(&:first)).order(last_seen_at: :desc, id: :desc).limit(offset + @per_page).pluck(:id, :service_name)
      by_service = (known + others).group_by(&:last).sort_by { |service, _| sums_of_services.fetch(service, 0) }
      by_service.flat_map { |_, rows| rows.map(&:first) }.slice(offset, @per_page) || []
    end

    # @return [Array<Array(Integer, String)>] id and service
    def largest_first
      key = SORTS.fetch(@sort)
      rows = listed.in_state("alive", @now).order(last_seen_at: :desc).limit(READ).pluck(:id, :core, :service_name)
      rows.sort_by { |id, core, _| [-(figure(Packing.load(core), key) || 0), id] }.map { |id, _, service| [id, service] }
    end

    # @return [Hash{String=>Numeric}] service => what it is sorted by, the largest first
    def sums_of_services
      @sums_of_services ||= figures.group_by { |row| row[:service_name] }.transform_values { |rows| -(totals(rows)[SORTS.fetch(@sort)] || 0) }
    end

    # @return [Array<Hash>] id:, process_id:, service_name: and {FIGURES} of those alive
    def figures
      @figures ||= alive.order(last_seen_at: :desc).limit(READ).pluck(:id, :process_id, :service_name, :core).map do |id, pid, name, core|
        values = Packing.load(core)
        { id: id, process_id: pid, service_name: name, **FIGURES.to_h { |key| [key, figure(values, key)] } }
      end
    end

    def figure(values, key)
      index = Metrics::INDEX.fetch(key.to_s)
      values[index] && (values[index] / Metrics::SCALES[index].to_f)
    end

    def service(name, members)
      {
        id: service_ids[name], name: name, processes_count: STATES.sum { |state| counts(state).fetch(name, 0) }, short_lived: short_lived.fetch(name, 0),
        totals: totals(figures.select { |row| row[:service_name] == name }),
        hosts: members.group_by { |process| process[:host] }.map do |host, processes|
          { name: host, ruby: processes.filter_map { |process| process[:ruby] }.uniq, processes: processes }
        end
      }
    end

    def service_ids
      @service_ids ||= ObservedService.pluck(:service_name, :id).to_h
    end

    def totals(alive)
      busiest = alive.select { |process| process[:gc_share] }.max_by { |process| process[:gc_share] }
      shares = alive.filter_map { |process| process[:gc_share] }
      SUMS.to_h { |key| [key, sum(alive, key)] }.merge(
        gc_share: shares.empty? ? nil : shares.sum / shares.size,
        highest_gc_share: busiest && { value: busiest[:gc_share], process_id: busiest[:process_id], id: busiest[:id] },
        pause_p99_ms: alive.filter_map { |process| process[:pause_p99_ms] }.max,
        pause_max_ms: alive.filter_map { |process| process[:pause_max_ms] }.max, read: alive.size
      )
    end

    def sum(members, key)
      values = members.filter_map { |process| process[key] }
      values.empty? ? nil : values.sum
    end
  end
end
