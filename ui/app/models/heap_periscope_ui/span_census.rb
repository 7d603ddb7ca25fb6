# frozen_string_literal: true

module HeapPeriscopeUi
  # What lived after a call of a span, by class.
  class SpanCensus < ApplicationRecord
    self.table_name = "heap_periscope_ui_span_censuses"
  end
end
