# frozen_string_literal: true

# A plain Sidekiq job, not one of Active Job: builds a report in memory and drops it.
class ReportJob
  include Sidekiq::Job

  def perform(limit = 100)
    rows = Order.includes(:line_items).limit(limit).map(&:summary)
    rows.group_by { |row| row[:state] }.transform_values { |group| group.sum { |row| row[:total_cents] } }
  end
end
