# frozen_string_literal: true

module HeapPeriscopeUi
  # Parent of all controllers of the dashboard. Without sessions, so that it works in API-only applications.
  class ApplicationController < HeapPeriscopeUi.base_controller
    include Access
    include ContentSecurity
    include CheckedParameters

    before_action :require_access
    before_action :prepare_store
    before_action :check_parameters
    rescue_from BadParameter, with: :bad_parameter
    rescue_from ActiveRecord::RecordNotFound, with: :not_found

    private

    def prepare_store
      Store::Connection.ready!
    end

    def bad_parameter(error)
      render plain: "#{error.message}\n", status: :bad_request
    end

    def not_found
      render plain: "There is nothing here: it was deleted, or never was.\n", status: :not_found
    end

    # @return [TimeRange] from `range`, or `from` and `to`
    def time_range
      @time_range ||= TimeRange.parse(params)
    end

    # @param name [Symbol] of the parameter that has the id
    # @return [ObservedProcess]
    def find_process(name = :id)
      ObservedProcess.kept.find(id_in(name))
    end

    # @param name [Symbol] of the parameter that has the id
    # @return [ObservedService]
    def find_service(name = :id)
      ObservedService.kept.find(id_in(name))
    end

    # @return [Array<ObservedProcess, ObservedService>] what `process` (an id) or `service` (an id) names, else all services
    def subjects
      return [find_process(:process)] if params[:process].present?
      return [find_service(:service)] if params[:service].present?

      SpansQuery.subjects
    end
  end
end
