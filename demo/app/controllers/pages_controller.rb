# frozen_string_literal: true

class PagesController < ApplicationController
  def home
    @orders = Order.order(id: :desc).limit(10).includes(:line_items)
    @leaks = Leak.all
  end
end
