# frozen_string_literal: true

module HeapPeriscopeUi
  # {MomentQuery} without what is packed, for the API.
  module MomentView
    module_function

    # @return [Hash, nil] {at:, metrics:, sections:, pauses:}
    def of(subject, at = nil)
      MomentQuery.new(subject, at: at).call&.slice(:at, :metrics, :sections, :pauses)
    end

    # @param moment [Hash, nil] what {.of} answered
    # @return [Array<Hash>] {section:, key:, value:} of every section, for CSV
    def rows(moment)
      (moment ? moment[:sections] : {}).flat_map do |section, values|
        values.map { |key, value| { section: section, key: key, value: value } }
      end
    end
  end
end
