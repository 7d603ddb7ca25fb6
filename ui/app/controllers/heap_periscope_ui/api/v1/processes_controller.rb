# frozen_string_literal: true

module HeapPeriscopeUi
  module Api
    module V1
      # Processes and what they reported. Everything below a process also works for a service: services/:id/….
      class ProcessesController < BaseController
        takes :index, :state, :service, :all, :limit, :page
        takes :show, :at
        takes :series, :metric, :from, :to, :range
        takes :classes, :at, :since, :kind, :filter, :sort, :limit
        takes :class_history, :from, :to, :range, :name, :top, :by, :kind
        takes :compare, :from, :to, :with, :limit
        takes :pauses, :from, :to, :range
        takes_lists :series, :metric
        takes_lists :class_history, :name

        def index
          query = OverviewQuery.new(state: params[:state].presence, service: params[:service].presence, all: params[:all] == "true",
                                    per_page: limit, page: whole(:page, 1..100_000) || 1)
          list = query.processes
          answer({ total: query.matching, processes: list }, rows: list.map { |row| row.except(:trend, :rss_trend, :trend_step_ms) })
        end

        def show
          moment = MomentView.of(subject, moment(:at))
          answer({ process: ProcessSummary.of(subject), moment: moment }, rows: MomentView.rows(moment))
        end

        def series
          metrics = Array(params[:metric]).flat_map { |text| text.to_s.split(",") }
          raise BadParameter, "metric is missing; known are #{Metrics::NAMES.join(", ")}" if metrics.empty?

          result = SeriesQuery.new(subject, time_range, metrics).call
          # One metric asked for: its points alone, as the short form of this address.
          points = metrics.one? ? result[:series].values.first : nil
          answer(points || result, rows: points&.map { |at, value| { at: Timestamps.iso(at), metrics.first => value } })
        end

        def classes
          result = ClassesQuery.new(subject, at: moment(:at), since: moment(:since), kind: params[:kind].presence, filter: params[:filter],
                                             sort: params[:sort].presence || "bytes", limit: limit).call
          answer(result, rows: result[:classes])
        end

        def class_history
          result = ClassHistoryQuery.new(subject, time_range, names: params[:name] && Array(params[:name]).first(20), top: whole(:top, 1..20) || 5,
                                                              by: params[:by].presence || "bytes", kind: params[:kind].presence).call
          answer(result)
        end

        def compare
          other = params[:with].present? ? find_process(:with) : subject
          unless params[:from].present? || params[:with].present?
            raise BadParameter,
                  "from is missing: the moment to compare with"
          end

          result = CompareQuery.new([subject, moment(:from)], [other, moment(:to)]).call
          result[:classes] = result[:classes].first(limit)
          answer(result, rows: result[:classes].map { |row| CompareQuery.flat(row) })
        end

        def pauses
          result = PausesQuery.new(subject, time_range).call
          answer(result, rows: result[:buckets])
        end

        private

        def subject
          @subject ||= params[:kind_of] == "service" ? find_service : find_process
        end
      end
    end
  end
end
