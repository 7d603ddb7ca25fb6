# frozen_string_literal: true

module HeapPeriscopeUi
  module Api
    module V1
      # What arrives, what was refused, and the cursor endpoint for pages that follow live.
      class StatusController < BaseController
        METRICS = 20

        TABLES = { "reasons" => ->(status) { status[:reasons] }, "lost" => ->(status) { status[:lost_by_process] },
                   "levels" => ->(status) { status[:database][:levels] } }.freeze

        takes :show, :from, :to, :range, :table
        takes :events, :process, :after, :before, :kind, :limit
        takes :live, :process, :about, :after, :since, :metric

        def show
          table = TABLES[params[:table].presence || "reasons"] or
            raise BadParameter, "table must be one of #{TABLES.keys.join(", ")}, not #{params[:table].to_s.first(80).inspect}"
          result = StatusQuery.new(range: time_range).call
          answer(result, rows: table.call(result))
        end

        def events
          result = EventsQuery.new(find_process(:process), after: whole(:after, IDS), before: whole(:before, IDS),
                                                           kinds: params[:kind].presence&.split(","), limit: whole(:limit, 1..200) || 200).call
          answer(result, rows: result[:events].map do |event|
            { id: event[:id], at: Timestamps.iso(event[:at]), kind: event[:kind] }
          end)
        end

        def unknown
          render json: { error: "there is no such address; docs/api.md of the gem lists them" }, status: :not_found
        end

        # Answers at once: no open connection waits for news.
        def live
          process = params[:process].present? ? find_process(:process) : nil
          answer(LiveQuery.new(process: process, about: params[:about].presence || "processes", after: whole(:after, IDS), since: moment(:since),
                               metrics: params[:metric].to_s.split(",").first(METRICS)).call)
        end
      end
    end
  end
end
