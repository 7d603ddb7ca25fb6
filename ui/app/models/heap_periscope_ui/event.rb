# frozen_string_literal: true

module HeapPeriscopeUi
  # An entry of the live log of a process: a snapshot, a report of collections, a loss, a farewell. `data` is JSON.
  class Event < ApplicationRecord
    self.table_name = "heap_periscope_ui_events"

    KINDS = { snapshot: 0, gc: 1, lost: 2, goodbye: 3 }.freeze
    KIND_NAMES = KINDS.invert.freeze
  end
end
