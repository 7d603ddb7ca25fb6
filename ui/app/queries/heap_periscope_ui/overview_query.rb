# frozen_string_literal: true

module HeapPeriscopeUi
  # Services, their hosts and processes, with what each reported last.
  class OverviewQuery
    STATES = %w[alive silent gone].freeze
    # Processes gone for longer than this are not listed unless asked for.
    GONE_SHOWN_MS = 86_400_000
    SUMS = %i[rss_bytes pss_bytes heap_live_slots heap_free_slots heap_total_slots allocation_rate].freeze

    # @param state [String, nil] only processes in this state
    # @param service [String, nil] only this service
    # @param all [Boolean] also processes that have been gone for more than a day
    # @param young [Boolean] with sparklines of processes that have reported for some minutes only, which takes one more reading
    def initialize(state: nil, service: nil, all: false, young: true, now: Timestamps.now)
      if state && !STATES.include?(state)
        raise BadParameter,
              "state must be one of #{STATES.join(", ")}, not #{state.inspect}"
      end

      @state = state
      @service = service
      @all = all
      @young = young
      @now = now
    end

    # @return [Hash] {at:, processes: {alive:, silent:, gone:}, totals: totals, services: [{id:, name:, totals: totals, processes_count:,
    #   hosts: [{name:, ruby: [String], processes: [{ProcessSummary.of}]}]}], suspects: [{SuspectsQuery#call entries}]}
    #   with totals = {rss_bytes:, pss_bytes:, heap_live_slots:, heap_free_slots:, heap_total_slots:, allocation_rate: sums of those alive,
    #   gc_share: mean weighted by nothing, highest_gc_share: {value:, process_id:}, pause_p99_ms: greatest, pause_max_ms: greatest}
    def call
      list = processes
      {
        at: @now, processes: STATES.to_h { |state| [state.to_sym, counts.fetch(state, 0)] }, totals: totals(list),
        services: list.group_by { |process| process[:service_name] }.map { |name, members| service(name, members) },
        suspects: SuspectsQuery.new(now: @now).call[:suspects]
      }
    end

    # @return [Array<Hash>] of {ProcessSummary.of}, by service, host and process id
    def processes
      everything.select { |process| @state.nil? || process[:state] == @state }
    end

    private

    def everything
      @everything ||= begin
        scope = ObservedProcess.kept.order(:service_name, :host, :process_id, :id)
        scope = scope.where(service_name: @service) if @service
        scope = scope.where("last_seen_at > ?", @now - GONE_SHOWN_MS) unless @all
        list = scope.map { |process| ProcessSummary.of(process, @now) }
        @young ? YoungTrends.fill(list, @now) : list
      end
    end

    def counts
      @counts ||= everything.map { |process| process[:state] }.tally
    end

    def service(name, members)
      {
        id: service_ids[name], name: name, processes_count: members.size, totals: totals(members),
        hosts: members.group_by { |process| process[:host] }.map do |host, processes|
          { name: host, ruby: processes.filter_map { |process| process[:ruby] }.uniq, processes: processes }
        end
      }
    end

    def service_ids
      @service_ids ||= ObservedService.pluck(:service_name, :id).to_h
    end

    def totals(members)
      alive = members.select { |process| process[:state] == "alive" }
      busiest = alive.select { |process| process[:gc_share] }.max_by { |process| process[:gc_share] }
      shares = alive.filter_map { |process| process[:gc_share] }
      SUMS.to_h { |key| [key, sum(alive, key)] }.merge(
        gc_share: shares.empty? ? nil : shares.sum / shares.size,
        highest_gc_share: busiest && { value: busiest[:gc_share], process_id: busiest[:process_id], id: busiest[:id] },
        pause_p99_ms: alive.filter_map { |process| process[:pause_p99_ms] }.max,
        pause_max_ms: alive.filter_map { |process| process[:pause_max_ms] }.max
      )
    end

    def sum(members, key)
      values = members.filter_map { |process| process[key] }
      values.empty? ? nil : values.sum
    end
  end
end
