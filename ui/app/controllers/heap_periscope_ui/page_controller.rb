# frozen_string_literal: true

module HeapPeriscopeUi
  # Parent of the pages. A page is made of parts; with `part=a,b` in the address only these are rendered, without the layout, for
  # pages that follow live.
  class PageController < ApplicationController
    # What a base controller without views lacks, such as ActionController::API.
    include ActionController::Helpers unless include?(ActionController::Helpers)
    include ActionView::Layouts unless include?(ActionView::Layouts)
    include ActionController::ImplicitRender unless include?(ActionController::ImplicitRender)

    # The host's own layout on the host's ground.
    layout -> { page_layout unless on_host_ground? }
    helper TextHelper, DrawingHelper, PageHelper
    helper_method :params, :csp_nonce
    before_action { response.headers["Cache-Control"] = "no-store" }

    private

    def page_layout
      params[:part].present? ? false : "heap_periscope_ui/dashboard"
    end

    def refuse_parameter(error)
      failure_page("This address asks for something that cannot be", error.message, :bad_request)
    end

    def nothing_here
      failure_page("There is nothing here", "It was deleted, or never was. Processes and services that are kept stand on the overview.",
                   :not_found)
    end

    def without_store(reason)
      failure_page("Nothing can be shown", reason, :service_unavailable)
    end

    def failure_page(title, text, status)
      render "heap_periscope_ui/shared/failure", status: status, locals: { title: title, text: text }, formats: [:html]
    end

    # @return [String] the parameter when it is one of the allowed, else the default
    # @raise [BadParameter]
    def one_of(name, allowed, default)
      value = params[name].presence or return default
      return value if allowed.include?(value)

      raise BadParameter, "#{name} must be one of #{allowed.join(", ")}, not #{value.to_s.first(80).inspect}"
    end

    # @return [Integer] from 1
    def page_number
      params[:page].to_s.to_i.clamp(1, 100_000)
    end

    # A select sends process and service in one value: "process-17".
    def read_subject
      name, id = params[:subject].to_s.split("-", 2)
      params[name] = id if %w[process service].include?(name) && id.to_s.match?(/\A\d+\z/)
    end

    def scope
      read_subject
      @scope ||= Scope.new(process: (find_process(:process) if params[:process].present?),
                           service: (find_service(:service) if params[:service].present?))
    end

    # The range that was asked for; else an hour, or a quarter where there is no more to see yet.
    def range
      @range ||= begin
        asked = %i[range from to].any? { |name| params[name].present? }
        asked || !young? ? time_range : TimeRange.parse({ range: "15m" })
      end
    end

    def young?
      first = ObservedProcess.kept.minimum(:first_seen_at)
      first && Timestamps.now - first < TimeRange::PRESETS["15m"]
    end
  end
end
