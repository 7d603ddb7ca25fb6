# frozen_string_literal: true

module HeapPeriscopeUi
  # Columns of numbers for the charts of the pages: one list of times, one list of values for each series.
  class ChartsController < ApplicationController
    takes_lists :classes, :name

    # Metrics of a process or service.
    def metrics
      result = SeriesQuery.new(subject, wanted_range, params[:metric].to_s.split(",").first(30)).call
      columns(result, result[:series])
    end

    # Living objects by class.
    def classes
      names = params[:name] && Array(params[:name]).first(20)
      result = ClassHistoryQuery.new(subject, wanted_range, names: names, top: whole(:top, 1..20) || 5, kind: params[:kind].presence,
                                                            by: params[:by].presence || "bytes").call
      columns(result, result[:series])
    end

    # What lived after the calls of a span, by class.
    def span
      result = SpanQuery.new(subjects, time_range, type: params[:type], name: params[:name].to_s).call or return nothing_here
      series = result[:survivor_series].presence || result[:live_series]
      columns({ from: time_range.from, to: time_range.to, step_ms: 0, interval_ms: distance(series) }, series)
    end

    # Datagrams a second.
    def status
      result = StatusQuery.new(range: time_range).call
      columns({ from: time_range.from, to: time_range.to, step_ms: 60_000, interval_ms: 60_000 }, result[:series])
    end

    private

    def subject
      params[:kind_of] == "service" ? find_service : find_process
    end

    # With `after`, only what is newer, as long as the resolution is the same: the page appends it.
    def wanted_range
      after = TimeRange.moment(params[:after], "after")
      return time_range unless after && after >= time_range.from && after < time_range.to && params[:step] == fitting_step.to_s

      @appended = true
      TimeRange.new([after + 1, time_range.to - (Levels::POINTS * 1000)].max, time_range.to)
    end

    def fitting_step
      Levels.pick(time_range.from, time_range.to, interval: subject.interval, raw: !subject.is_a?(ObservedService)).step_ms
    end

    def columns(result, series)
      times = series.values.flat_map { |points| points.map(&:first) }.uniq.sort
      values = series.transform_values { |points| rounded(points.to_h.values_at(*times)) }
      response.headers["Cache-Control"] = "no-store"
      render json: { from: time_range.from, to: time_range.to, step_ms: result[:step_ms], interval_ms: result[:interval_ms],
                     appended: @appended || false, names: series.keys, t: times, series: values }
    end

    def rounded(values)
      values.map { |value| value.is_a?(Float) ? value.round(5) : value }
    end

    # Censuses come when they can; what is four times rarer than usual is a gap.
    def distance(series)
      times = series.values.flat_map { |points| points.map(&:first) }.uniq.sort
      gaps = times.each_cons(2).map { |one, two| two - one }.sort
      gaps.empty? ? 60_000 : [gaps[gaps.size / 2] * 2, 60_000].max
    end
  end
end
