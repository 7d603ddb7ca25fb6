# frozen_string_literal: true

module HeapPeriscopeUi
  module Api
    module V1
      # Parent of the JSON API. Every action names the parameters it takes; any other is refused.
      class BaseController < ApplicationController
        # How many rows of a table are answered; without `limit`, so many.
        LIMIT = 1..5_000
        ROWS = 1_000
        FIXED = %w[controller action format id kind_of path].freeze

        class << self
          # @param action [Symbol]
          # @param names [Array<Symbol>] parameters the action takes
          def takes(action, *names)
            before_action(only: action) { refuse_unknown(names.map(&:to_s)) }
          end
        end

        private

        def refuse_unknown(known)
          unknown = params.keys - known - FIXED
          return if unknown.empty?

          allowed = known.empty? ? "this address takes none" : "known are #{known.join(", ")}"
          raise BadParameter, "unknown parameter #{unknown.first.first(80).inspect}; #{allowed}"
        end

        # JSON, or CSV of the rows under `rows` when the address ends in .csv.
        def answer(result, rows: nil)
          response.headers["Cache-Control"] = "no-store"
          if params[:format] == "csv"
            raise BadParameter, "there is no CSV of this; leave .csv away" unless rows

            send_data Csv.generate(rows), type: "text/csv; charset=utf-8",
                                          filename: "#{action_name}-#{controller_name}.csv"
          else
            render json: result
          end
        end

        def limit
          whole(:limit, LIMIT) || ROWS
        end

        def moment(name)
          TimeRange.moment(params[name], name.to_s)
        end

        def refuse_parameter(error)
          render json: { error: error.message }, status: :bad_request
        end

        def nothing_here
          render json: { error: "there is nothing with this id: it was deleted, or never was" }, status: :not_found
        end

        def without_store(reason)
          render json: { error: reason, collector: Collector.here }, status: :service_unavailable
        end

        def refuse_dashboard(text)
          render json: { error: text }, status: :forbidden
        end
      end
    end
  end
end
