# frozen_string_literal: true

module HeapPeriscopeUi
  # One process, or the sum of a service's processes.
  class ProcessesController < PageController
    def show
      @subject = params[:kind_of] == "service" ? find_service : find_process
      @page = ProcessPage.new(@subject, range, classes: class_options, events: one_of(:events, Event::KINDS.keys.map(&:to_s), nil),
                                               before: whole(:before, IDS))
    end

    private

    def class_options
      { kind: one_of(:kind, ClassesQuery::KINDS, nil), filter: params[:q].to_s, sort: one_of(:sort, ClassesQuery::SORTS, "bytes"),
        since: since, all: params[:all] == "true", name: params[:class].presence,
        top: one_of(:top, ClassHistoryQuery::TOPS.map(&:to_s), "5").to_i,
        by: one_of(:by, ClassHistoryQuery::BY, nil), form: one_of(:form, %w[line bar], "line") }
    end

    # @return [Integer, nil] unix ms; "-900000" is that long before the end of the range
    def since
      value = params[:since].to_s
      value.match?(/\A-\d{1,12}\z/) ? range.to + value.to_i : TimeRange.moment(value, "since")
    end
  end
end
