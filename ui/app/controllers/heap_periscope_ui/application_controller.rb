# frozen_string_literal: true

module HeapPeriscopeUi
  # Parent of all controllers of the dashboard. Without sessions, so that it works in API-only applications.
  class ApplicationController < HeapPeriscopeUi.base_controller
    include HostGround
    include Access
    include ContentSecurity
    include CheckedParameters

    before_action :require_dashboard_access
    before_action :prepare_dashboard_store
    before_action :check_dashboard_parameters
    rescue_from ActiveRecord::ActiveRecordError, with: :store_fails
    rescue_from BadParameter, with: :refuse_parameter
    rescue_from ActiveRecord::RecordNotFound, with: :nothing_here

    private

    def prepare_dashboard_store
      Store::Connection.ready!
    rescue ActiveRecord::ActiveRecordError, SystemCallError, ConfigurationError => e
      store_fails(e)
    end

    def store_fails(error)
      @storeless = true
      without_store("The store cannot be used: #{ErrorLine.of(error)}")
    end

    # @param reason [String]
    def without_store(reason)
      render plain: "#{reason}\n", status: :service_unavailable
    end

    def refuse_parameter(error)
      render plain: "#{error.message}\n", status: :bad_request
    end

    def nothing_here
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
