# frozen_string_literal: true

module HeapPeriscopeUi
  # What actions, models, jobs and tasks allocate, keep and pay.
  class SpansController < PageController
    def show
      options = { type: one_of(:type, Metrics::SPAN_TYPES, nil), sort: one_of(:sort, SpansQuery::SORTS, "allocated") }
      @page = SpansPage.new(scope, range, filter: params[:q].to_s, name: params[:name].presence, all: params[:all] == "true",
                                          own: params[:own] == "true", **options)
    end
  end
end
