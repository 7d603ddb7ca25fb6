# frozen_string_literal: true

module HeapPeriscopeUi
  # A text that rows refer to: class, span, path or method name.
  class Name < ApplicationRecord
    self.table_name = "heap_periscope_ui_names"

    # @param ids [Array<Integer>]
    # @return [Hash{Integer=>String}] with a stand-in for what retention has removed
    def self.texts(ids)
      found = ids.uniq.each_slice(500).flat_map { |slice| where(id: slice).pluck(:id, :text) }.to_h
      found.default = Store::Names::FORGOTTEN
      found
    end
  end
end
