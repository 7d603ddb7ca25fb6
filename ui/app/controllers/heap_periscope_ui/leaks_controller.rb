# frozen_string_literal: true

module HeapPeriscopeUi
  # Classes that grow, and where their objects come from.
  class LeaksController < PageController
    def show
      @confidence = one_of(:confidence, SuspectsQuery::CONFIDENCES, nil)
      @scope = scope
      @result = SuspectsQuery.new(process: @scope.process, service: @scope.service&.service_name,
                                  confidence: @confidence).call
    end
  end
end
