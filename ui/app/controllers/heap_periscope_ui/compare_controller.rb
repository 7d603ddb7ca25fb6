# frozen_string_literal: true

module HeapPeriscopeUi
  # Two moments of a process, or two processes.
  class CompareController < PageController
    STATES = %w[grew shrank new gone].freeze

    def show
      first = params[:process].presence || Scope.processes.first&.last
      return render(:nothing) unless first

      two = params[:mode] == "processes" || params[:with].present?
      other = find_process(params[:with].presence || other_process(first)) if two
      @page = ComparePage.new(find_process(first), other, from: TimeRange.moment(params[:from], "from"),
                                                          to: TimeRange.moment(params[:to], "to"),
                                                          filter: params[:q].to_s, state: one_of(:state, STATES, nil),
                                                          all: params[:all] == "true")
    end

    private

    # @return [Integer] another process to begin with: the next in the list
    def other_process(first)
      ids = Scope.processes.map(&:last)
      (ids - [first.to_i]).first || first
    end
  end
end
