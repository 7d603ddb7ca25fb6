# frozen_string_literal: true

module HeapPeriscopeUi
  module Api
    module V1
      # Spans, allocation and retained sites, leak suspects.
      class FindingsController < BaseController
        SCOPE = %i[process service from to range].freeze

        takes :spans, *SCOPE, :type, :filter, :sort, :limit, :own
        takes :span, *SCOPE, :type, :name
        takes :allocation_sites, *SCOPE, :filter, :class_name, :limit
        takes :retained_sites, *SCOPE, :filter, :class_name, :limit
        takes :leak_suspects, :process, :service, :confidence

        def spans
          result = SpansQuery.new(subjects, time_range, type: params[:type].presence, filter: params[:filter],
                                                        sort: params[:sort].presence || "allocated", limit: limit, own: params[:own] == "true").call
          answer(result, rows: result[:spans].map { |row| row.except(:trend) })
        end

        def span
          result = SpanQuery.new(subjects, time_range, type: params[:type], name: params[:name].to_s).call
          result ? answer(result, rows: SpanQuery.rows(result)) : nothing_here
        end

        def allocation_sites
          sites("allocation")
        end

        def retained_sites
          sites("retained")
        end

        def leak_suspects
          process = params[:process].present? ? find_process(:process) : nil
          service = params[:service].present? ? find_service(:service).service_name : nil
          result = SuspectsQuery.new(process: process, service: service, confidence: params[:confidence].presence).call
          answer(result, rows: result[:suspects].map { |row| row.except(:sites, :spans, :stack, :processes) })
        end

        private

        def sites(kind)
          result = SitesQuery.new(kind, subjects, time_range, filter: params[:filter], class_name: params[:class_name],
                                                              limit: whole(:limit, LIMIT) || 200).call
          answer(result, rows: result[:sites].map { |row| row.except(:stack, :lifetimes, :ages) })
        end
      end
    end
  end
end
