# frozen_string_literal: true

module HeapPeriscopeUi
  # Two hours of a process or service.
  class TwoHourSample < Sample
    self.table_name = "heap_periscope_ui_two_hours"
  end
end
