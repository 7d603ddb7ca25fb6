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

    # @return [Hash] suspect of a process, by its id: {class_name:, confidence:}, the surest; of several as sure the one with most bytes an hour
    def suspect_of
      @suspect_of ||= begin
        found = all[:suspects].flat_map { |suspect| suspect[:processes].map { |process| [process[:id], suspect[:class_name], process[:confidence]] } }
        found.group_by(&:first).transform_values do |list|
          _, name, confidence = list.max_by.with_index { |(_, _, level), index| [SuspectsQuery::CONFIDENCES.index(level).to_i, -index] }
          { class_name: name, confidence: confidence }
        end
      end
    end

    # @param key [Symbol] :trend (live slots) or :rss_trend
    # @return [Array<Integer>] sum over processes that are alive, oldest first
    def total_trend(key)
      step = trend_step
      lists = @query.charted.map { |process| every(process[key].compact, step / [process[:trend_step_ms], 1].max) }.reject(&:empty?)
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
      @query.charted.map { |process| process[:trend_step_ms] }.max || 0
    end

    # The newest and each n-th before it: so that points of all processes are as far apart.
    def every(list, count)
      count > 1 ? list.reverse.each_slice(count).map(&:first).reverse : list
    end
  end
end
