# frozen_string_literal: true

module Api
  class OrdersController < ActionController::API
    def index
      orders = Order.includes(:line_items).order(id: :desc).limit(params.fetch(:limit, 50).to_i.clamp(1, 500))
      render json: orders.map(&:summary)
    end

    def show
      render json: Order.includes(:line_items).find(params[:id]).summary
    end

    def create
      order = Order.place!(customer: params.fetch(:customer, "Ada"), lines: params.fetch(:lines, 3).to_i.clamp(0, 50))
      render json: order.summary, status: :created
    end

    def update
      order = Order.find(params[:id])
      order.update!(state: params.fetch(:state, "paid"))
      render json: order.summary
    end

    def destroy
      Order.find(params[:id]).destroy!
      head :no_content
    end

    def failure
      raise "this page always fails"
    end
  end
end
