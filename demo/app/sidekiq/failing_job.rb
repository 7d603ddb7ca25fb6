# frozen_string_literal: true

# Fails and is not tried again.
class FailingJob
  include Sidekiq::Job

  sidekiq_options retry: false

  def perform
    raise "this job always fails"
  end
end
