# frozen_string_literal: true

module HeapPeriscopeUi
  # What changed since a page looked last, in one answer: for pages that follow live.
  class LiveQuery
    # Summaries in one answer; more are news all the same.
    LIMIT = 200
    # What a page without a process is about: anything that reports, suspects only, or collectors.
    SUBJECTS = %w[processes suspects collectors].freeze

    # @param process [ObservedProcess, nil] its summary, events and newest points; nil: only the summaries of those that reported
    # @param about [String] one of {SUBJECTS}
    # @param after [Integer, nil] cursor of the answer before
    # @param metrics [Array<String>] of {Metrics::NAMES}
    # @param since [Integer, nil] unix ms of the newest point the page has
    def initialize(process: nil, about: "processes", after: nil, metrics: [], since: nil, now: Timestamps.now)
      raise BadParameter, "about must be one of #{SUBJECTS.join(", ")}, not #{about.first(80).inspect}" unless SUBJECTS.include?(about)

      @process = process
      @about = about
      @after = after
      @metrics = metrics
      @since = since
      @now = now
    end

    # @return [Hash] {now:, cursor:, changed: Boolean, processes: [{ProcessSummary.of}] that reported after the cursor, at most {LIMIT}; or process: {ProcessSummary.of}, events: as {EventsQuery#call},
    #   series: {metric => [[unix_ms, value], …]} newer than since}
    def call
      return changes unless @process

      log = EventsQuery.new(@process, after: @after, limit: 100).call
      { now: @now, process: ProcessSummary.of(@process, @now), **log, series: series }
    end

    private

    def changes
      newest = newest_news
      { now: @now, cursor: [newest, @after].compact.max || 0, changed: !newest.nil? && newest > @after.to_i, processes: heard }
    end

    def newest_news
      case @about
      when "suspects" then [LeakSuspect.maximum(:last_seen_at), LeakSuspect.maximum(:ended_at)].compact.max
      when "collectors" then CollectorRecord.maximum(:seen_at)
      else ObservedProcess.kept.maximum(:last_seen_at)
      end
    end

    def heard
      return [] unless @about == "processes"

      ObservedProcess.kept.where("last_seen_at > ?", @after.to_i).order(last_seen_at: :desc).limit(LIMIT)
                     .map { |process| ProcessSummary.of(process, @now) }
    end

    def series
      return {} if @metrics.empty? || @process.is_a?(ObservedService)

      from = [(@since || (@now - 60_000)) + 1, @now - 3_600_000].max
      SeriesQuery.new(@process, TimeRange.new(from, [@now + 60_000, from + 1].max), @metrics).call[:series]
    end
  end
end
