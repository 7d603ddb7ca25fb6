# frozen_string_literal: true

module HeapPeriscopeUi
  # What the overview shows: processes filtered and sorted, by service and host.
  class OverviewPage
    NOTES = 4

    attr_reader :state, :sort, :page

    def initialize(state:, filter:, sort:, page: 1)
      @state = state
      @sort = sort
      @page = page
      @query = OverviewQuery.new(state: state, filter: filter, sort: sort, page: page)
    end

    def anything?
      ObservedProcess.kept.exists?
    end

    # @return [Hash] {OverviewQuery#call}
    def all
      @all ||= @query.call
    end

    def services
      all[:services]
    end

    # @return [Array<Hash>] some processes that stopped reporting without a farewell; {OverviewQuery#call} says how many there are
    def silent
      @silent ||= @query.silent(NOTES)
    end

    # @return [Hash] suspect of a process, by its id: {class_name:, confidence:}, the strongest
    def suspect_of
      @suspect_of ||= all[:suspects].reverse.each_with_object({}) do |suspect, found|
        suspect[:processes].each { |process| found[process[:id]] = { class_name: suspect[:class_name], confidence: process[:confidence] } }
      end
    end

    # @param key [Symbol] :trend (live slots) or :rss_trend
    # @return [Array<Integer>] sum over processes that are alive, oldest first
    def total_trend(key)
      lists = @query.trends(key == :trend ? 0 : 1)
      return [] if lists.empty?

      size = lists.map(&:size).max
      Array.new(size) { |i| lists.sum { |list| list[[i - size + list.size, 0].max] } }
    end

    def rss_change
      trend = total_trend(:rss_trend)
      trend.size > 1 ? trend.last - trend.first : nil
    end
  end
end
