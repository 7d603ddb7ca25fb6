# frozen_string_literal: true

class LineItem < ApplicationRecord
  belongs_to :order

  def summary
    { article: article, quantity: quantity, price_cents: price_cents }
  end
end
