# frozen_string_literal: true

module HeapPeriscopeAgent
  module Integrations
    # Measures jobs of Active Job as "JobClass#perform", with any adapter. An attempt that raises counts as an error,
    # also when `retry_on` or `discard_on` handles it.
    module ActiveJob
      # Hooks ActiveJob::Base, now or when it is loaded.
      # @return [void]
      def self.install
        ActiveSupport.on_load(:active_job) { around_perform { |job, run| Integrations::ActiveJob.around(job, run) } }
      end

      # @api private
      def self.around(job, run)
        return run.call unless HeapPeriscopeAgent.configuration.enable_job_instrumentation

        Native.job_span(job.class.name, job.job_id) { run.call }
      end
    end
  end
end
