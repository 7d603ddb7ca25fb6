# frozen_string_literal: true

module HeapPeriscopeUi
  # A process that collects, or stands by to, with its counters.
  class CollectorRecord < ApplicationRecord
    self.table_name = "heap_periscope_ui_collectors"
  end
end
