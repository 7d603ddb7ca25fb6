# frozen_string_literal: true

module HeapPeriscopeUi
  # A place in the code that allocates.
  class Site < ApplicationRecord
    self.table_name = "heap_periscope_ui_sites"
  end
end
