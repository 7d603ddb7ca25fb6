# frozen_string_literal: true

# A capsule of its own for jobs that must not run side by side.
Sidekiq.configure_server do |config|
  config.capsule("invoices") do |capsule|
    capsule.concurrency = 1
    capsule.queues = %w[invoices]
  end
end
