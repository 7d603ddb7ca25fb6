# frozen_string_literal: true

module HeapPeriscopeUi
  # The sum of all processes of a service name, as a row that has rollups of its own.
  class ObservedService < ObservedProcess
    self.table_name = "heap_periscope_ui_processes"

    default_scope { unscope(where: :kind).where(kind: 1) }

    # @return [ActiveRecord::Relation<ObservedProcess>] processes of the service that are not deleted
    def members
      ObservedProcess.kept.where(service_name: service_name)
    end
  end
end
