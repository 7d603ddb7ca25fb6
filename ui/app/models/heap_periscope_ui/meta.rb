# frozen_string_literal: true

module HeapPeriscopeUi
  # Small facts of the database: leases, watermarks, versions.
  class Meta < ApplicationRecord
    self.table_name = "heap_periscope_ui_meta"
  end
end
