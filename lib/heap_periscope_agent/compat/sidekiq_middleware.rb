# frozen_string_literal: true

require "heap_periscope_agent"

module HeapPeriscopeAgent
  # Server middleware of Sidekiq that measures jobs as "JobClass#perform". It needs no option: being in the chain is
  # its switch. Integrations::Sidekiq does the same for less; a job that both see counts once.
  class SidekiqMiddleware
    def call(_instance, job, _queue, &)
      wrapped = job["wrapped"]
      return Native.job_span(job["class"], job["jid"], &) unless wrapped

      Native.job_span(wrapped, job.dig("args", 0, "job_id"), &) # the id that the callback of Active Job knows
    end

    # Measures around a `call` that somebody else defined.
    module Around
      def call(_instance, job, _queue)
        wrapped = job["wrapped"]
        Native.job_span(wrapped || job["class"], wrapped ? job.dig("args", 0, "job_id") : job["jid"]) { super }
      end
    end

    # The initializer that 0.3.0 generated opens this class and defines `call` anew.
    def self.method_added(name)
      super
      prepend Around if name == :call
    end
    private_class_method :method_added
  end
end
