# frozen_string_literal: true

module HeapPeriscopeUi
  # Two moments of a process, or two processes.
  class CompareController < PageController
    STATES = %w[grew shrank new gone].freeze

    def show
      params[:process] = Scope.processes.first&.last.to_s if params[:process].blank?
      return render(:nothing) if params[:process].blank?

      first = find_process(:process)
      @page = ComparePage.new(first, other(first), from: TimeRange.moment(params[:from], "from"),
                                                   to: TimeRange.moment(params[:to], "to"),
                                                   filter: params[:q].to_s, state: one_of(:state, STATES, nil),
                                                   all: params[:all] == "true")
    end

    private

    # @return [ObservedProcess, nil] B, when two processes are compared: to begin with, the next in the list
    def other(first)
      return find_process(:with) if params[:with].present?

      ObservedProcess.kept.find((Scope.processes.map(&:last) - [first.id]).first || first.id) if params[:mode] == "processes"
    end
  end
end
