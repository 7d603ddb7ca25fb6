# frozen_string_literal: true

module HeapPeriscopeUi
  # A class that grows in a process, from the first to the last report that says so.
  class LeakSuspect < ApplicationRecord
    self.table_name = "heap_periscope_ui_leak_suspects"
  end
end
