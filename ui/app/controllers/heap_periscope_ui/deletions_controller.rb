# frozen_string_literal: true

module HeapPeriscopeUi
  # Deletes a process or a service with all that is stored about it. It disappears at once; its rows go in the background.
  class DeletionsController < ApplicationController
    include ProtectedChanges

    # POST processes/:id/delete, with the token of ChangeToken.generate("deletions/delete_process/<id>")
    def delete_process
      Store::Connection.with { Store::Deletion.mark(ObservedProcess.kept.where(id: params[:id])) }
      redirect_to root_path, status: :see_other
    end

    # POST services/:id/delete, with the token of ChangeToken.generate("deletions/delete_service/<id>")
    def delete_service
      service = find_service
      Store::Connection.with do
        Store::Deletion.mark(service.members)
        Store::Deletion.mark(ObservedService.where(id: service.id))
      end
      redirect_to root_path, status: :see_other
    end
  end
end
