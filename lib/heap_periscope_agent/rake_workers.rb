# frozen_string_literal: true

module HeapPeriscopeAgent
  # Rake commands that are job workers: they go on until they are told to end, so they are watched as servers are, not as
  # tasks. `rake jobs:work` is how Delayed Job is run, for instance.
  module RakeWorkers
    # Delayed Job, Resque, Solid Queue, Que, GoodJob, Queue Classic, Sneakers, Backburner
    TASKS = %w[
      jobs:work jobs:workoff resque:work resque:workers solid_queue:start que que:work good_job good_job:start
      qc:work sneakers:run backburner:work
    ].freeze
    private_constant :TASKS

    class << self
      # @return [Boolean] whether this process runs one of them
      def command?
        defined?(::Rake.application) && ::Rake.application.top_level_tasks.any? { |task| task?(task) }
      end

      # @param name [String] of a task, with its arguments or without
      # @return [Boolean]
      def task?(name) = TASKS.include?(name[/\A[^\[]*/])
    end
  end
end
