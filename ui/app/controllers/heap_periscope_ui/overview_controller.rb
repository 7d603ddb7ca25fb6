# frozen_string_literal: true

module HeapPeriscopeUi
  # Services, hosts and processes; the first page.
  class OverviewController < PageController
    SORTS = %w[name rss live allocated gc pause].freeze

    def show
      @overview = OverviewPage.new(state: one_of(:state, OverviewQuery::STATES, nil), filter: params[:q].to_s,
                                   sort: one_of(:sort, SORTS, "name"), page: page_number)
      render :first unless @overview.anything?
    end
  end
end
