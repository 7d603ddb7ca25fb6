# frozen_string_literal: true

module HeapPeriscopeUi
  # Ten minutes of a process or service.
  class TenMinuteSample < Sample
    self.table_name = "heap_periscope_ui_ten_minutes"
  end
end
