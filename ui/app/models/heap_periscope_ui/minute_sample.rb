# frozen_string_literal: true

module HeapPeriscopeUi
  # A minute of a process or service.
  class MinuteSample < Sample
    self.table_name = "heap_periscope_ui_minutes"
  end
end
