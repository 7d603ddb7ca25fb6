# frozen_string_literal: true

module HeapPeriscopeUi
  # What the overview shows: processes filtered and sorted, by service and host.
  class OverviewPage
    SORT_KEYS = { "rss" => :rss_bytes, "live" => :heap_live_slots, "allocated" => :allocation_rate, "gc" => :gc_share,
                  "pause" => :pause_p99_ms }.freeze
    NOTES = 4

    attr_reader :state, :sort

    def initialize(state:, filter:, sort:)
      @state = state
      @filter = filter.downcase
      @sort = sort
    end

    def anything?
      ObservedProcess.kept.exists?
    end

    # @return [Hash] {OverviewQuery#call} of everything
    def all
      @all ||= OverviewQuery.new.call
    end

    def processes
      @processes ||= all[:services].flat_map { |service| service[:hosts].flat_map { |host| host[:processes] } }
    end

    # @return [Array<Hash>] services as in {OverviewQuery#call}, without what the filter leaves out
    def services
      list = all[:services].filter_map do |service|
        hosts = service[:hosts].filter_map { |host| with_shown(host) }
        { **service, hosts: hosts } if hosts.any?
      end
      key = SORT_KEYS[@sort]
      key ? list.sort_by { |service| -(service[:totals][key] || 0) } : list
    end

    def hosts_count
      processes.map { |process| process[:host] }.uniq.size
    end

    # @return [Array<Hash>] processes that stopped reporting without a farewell
    def silent
      processes.select { |process| process[:state] == "silent" }
    end

    # @return [Hash] suspect of a process, by its id: {class_name:, confidence:}, the strongest
    def suspect_of
      @suspect_of ||= all[:suspects].reverse.each_with_object({}) do |suspect, found|
        suspect[:processes].each { |process| found[process[:id]] = { class_name: suspect[:class_name], confidence: process[:confidence] } }
      end
    end

    # @param key [Symbol] :trend (live slots) or :rss_trend
    # @return [Array<Integer>] sum over the processes that are alive, oldest first
    def total_trend(key)
      alive = processes.select { |process| process[:state] == "alive" }
      step = trend_step
      lists = alive.map { |process| every(process[key].compact, step / [process[:trend_step_ms], 1].max) }.reject(&:empty?)
      return [] if lists.empty?

      size = lists.map(&:size).max
      Array.new(size) { |i| lists.sum { |list| list[[i - size + list.size, 0].max] } }
    end

    # @return [String] how far {#total_trend} goes back, for people
    def trend_time
      span = [total_trend(:rss_trend).size - 1, 0].max * trend_step
      span < 3_000_000 ? "in #{Figures.duration(span)}" : "in the last hour"
    end

    def rss_change
      trend = total_trend(:rss_trend)
      trend.size > 1 ? trend.last - trend.first : nil
    end

    private

    def trend_step
      processes.select { |process| process[:state] == "alive" }.map { |process| process[:trend_step_ms] }.max || 0
    end

    # The newest and each n-th before it: so that points of all processes are as far apart.
    def every(list, count)
      count > 1 ? list.reverse.each_slice(count).map(&:first).reverse : list
    end

    def shown?(process)
      return false if @state && process[:state] != @state

      @filter.empty? || "#{process[:service_name]} #{process[:host]} #{process[:process_id]}".downcase.include?(@filter)
    end

    # @return [Hash, nil] the host with the processes that are shown; nil without any
    def with_shown(host)
      kept = host[:processes].select { |process| shown?(process) }
      { **host, processes: sorted(kept) } if kept.any?
    end

    def sorted(list)
      key = SORT_KEYS[@sort]
      key ? list.sort_by { |process| -(process[key] || 0) } : list
    end
  end
end
