# frozen_string_literal: true

# Places orders, then forgets the oldest ones so that the demo's database stays small.
class ImportJob < ApplicationJob
  KEEP = 500

  def perform(orders = 20)
    Order.transaction { orders.times { |n| Order.place!(customer: "Import #{n}") } }
    Order.order(id: :desc).offset(KEEP).limit(100).each(&:destroy!)
  end
end
