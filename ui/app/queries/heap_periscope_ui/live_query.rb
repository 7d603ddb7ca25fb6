# frozen_string_literal: true

module HeapPeriscopeUi
  # What changed since a page looked last, in one answer: for pages that follow live.
  class LiveQuery
    # @param process [ObservedProcess, nil] its summary, events and newest points; nil: only the summaries of all processes
    # @param after [Integer, nil] cursor of the answer before
    # @param metrics [Array<String>] of {Metrics::NAMES}
    # @param since [Integer, nil] unix ms of the newest point the page has
    def initialize(process: nil, after: nil, metrics: [], since: nil, now: Timestamps.now)
      @process = process
      @after = after
      @metrics = metrics
      @since = since
      @now = now
    end

    # @return [Hash] {now:, cursor:, processes: [{ProcessSummary.of}] or process: {ProcessSummary.of}, events: as {EventsQuery#call},
    #   series: {metric => [[unix_ms, value], …]} newer than since}
    def call
      return { now: @now, cursor: @now, processes: OverviewQuery.new(young: false, now: @now).processes } unless @process

      log = EventsQuery.new(@process, after: @after, limit: 100).call
      { now: @now, process: ProcessSummary.of(@process, @now), **log, series: series }
    end

    private

    def series
      return {} if @metrics.empty? || @process.is_a?(ObservedService)

      from = [(@since || (@now - 60_000)) + 1, @now - 3_600_000].max
      SeriesQuery.new(@process, TimeRange.new(from, [@now + 60_000, from + 1].max), @metrics).call[:series]
    end
  end
end
