# frozen_string_literal: true

module HeapPeriscopeUi
  # What a collector received in one minute.
  class CollectorMinute < ApplicationRecord
    self.table_name = "heap_periscope_ui_collector_minutes"
  end
end
