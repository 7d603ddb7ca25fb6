# frozen_string_literal: true

module HeapPeriscopeUi
  # Is everything that agents send arriving, checked and stored?
  class StatusController < PageController
    def show
      @range = time_range
      @status = StatusQuery.new(range: @range).call
    end
  end
end
