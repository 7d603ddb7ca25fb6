# frozen_string_literal: true

class Order < ApplicationRecord
  has_many :line_items, dependent: :delete_all, autosave: true

  validates :customer, presence: true

  # An order with a few lines, saved; what the load generator and the tasks create.
  def self.place!(customer:, lines: 3)
    order = new(customer: customer)
    lines.times { |n| order.line_items.build(article: "Article #{n}", quantity: n + 1, price_cents: 100 * (n + 1)) }
    order.save!
    order
  end

  def total_cents
    line_items.sum { |line| line.quantity * line.price_cents }
  end

  def summary
    { id: id, customer: customer, state: state, total_cents: total_cents, lines: line_items.map(&:summary) }
  end
end
