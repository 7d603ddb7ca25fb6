# frozen_string_literal: true

module Billing
  # Runs in the capsule "invoices"; measured by a tracker of its own, whether or not all jobs are.
  class InvoiceJob
    include Sidekiq::Job
    prepend HeapPeriscopeAgent::SidekiqJobTracker

    sidekiq_options queue: "invoices"

    def perform(number, customer = "nobody")
      format("Invoice %05<number>d for %<customer>s", number: number, customer: customer)
    end
  end
end
