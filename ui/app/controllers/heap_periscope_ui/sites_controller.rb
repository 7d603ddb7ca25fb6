# frozen_string_literal: true

module HeapPeriscopeUi
  # Where objects are allocated, and where those that live were.
  class SitesController < PageController
    SHOWN = 50

    def allocation
      show("allocation")
    end

    def retained
      show("retained")
    end

    private

    def show(kind)
      @kind = kind
      @scope = scope
      @filter = params[:q].to_s
      @class_name = params[:class].presence
      @limit = params[:all] == "true" ? 2_000 : SHOWN
      @result = SitesQuery.new(kind, @scope.subjects, range, filter: @filter, class_name: @class_name,
                                                             limit: @limit).call
      render "heap_periscope_ui/sites/show"
    end
  end
end
