# frozen_string_literal: true

require "heap_periscope_agent"

module HeapPeriscopeAgent
  # Measures a single job class, of Sidekiq or of Active Job, into which it is prepended. It needs no option, and
  # runs the agent while the job runs where nothing else does.
  #
  #   class ImportJob
  #     include Sidekiq::Job
  #     prepend HeapPeriscopeAgent::SidekiqJobTracker
  #   end
  module SidekiqJobTracker
    def perform(*args, **options, &)
      id = respond_to?(:job_id) ? job_id : (jid if respond_to?(:jid))
      HeapPeriscopeAgent.start
      begin
        Native.job_span(self.class.name, id) { super }
      ensure
        HeapPeriscopeAgent.stop
      end
    end
  end
end
