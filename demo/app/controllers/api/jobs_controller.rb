# frozen_string_literal: true

module Api
  class JobsController < ActionController::API
    def import
      ImportJob.perform_later(params.fetch(:orders, 20).to_i.clamp(1, 1000))
      head :accepted
    end

    def report
      unless ENV["REDIS_URL"]
        return render(plain: "Sidekiq jobs need Redis: set REDIS_URL.\n",
                      status: :service_unavailable)
      end

      ReportJob.perform_async(params.fetch(:limit, 100).to_i)
      head :accepted
    end
  end
end
