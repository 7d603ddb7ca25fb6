# frozen_string_literal: true

require "rake"
require_relative "../rake_workers"

module HeapPeriscopeAgent
  module Integrations
    # Measures Rake commands as "rake task other:task" and each task that runs as "task", without its prerequisites.
    # Which of them is decided when they begin: all while `enable_rake_instrumentation` is on or after {.enable}, single
    # tasks after {.track}. The report is sent before the process ends. Arguments are not part of a name.
    module Rake
      TYPE = "task"

      @tracked = {}
      @lock = Mutex.new

      class << self
        # Hooks Rake, once; measures nothing by itself.
        # @param settings [#to_s, nil] the initializer that configures the agent, for tasks that do not load the app
        # @return [void]
        def install(settings: nil)
          @settings = settings if settings
          ::Rake::Application.prepend(Command) unless ::Rake::Application < Command
          ::Rake::Task.prepend(Task) unless ::Rake::Task < Task
        end

        # Measures every command and task of this process, whatever the options say.
        # @return [void]
        def enable
          install
          @enabled = true
        end

        # Measures one task, which may be defined before or after.
        # @param task_name [String] "db:seed"
        # @return [void]
        def track(task_name)
          install
          @tracked[task_name.to_s] = true
        end

        # @api private
        def around_command(task_strings, &)
          load_settings
          return yield unless all?

          begin_watching
          # A worker is no command with a beginning and an end: what it runs are jobs.
          return yield if task_strings.any? { |task| RakeWorkers.task?(task) }

          names = task_strings.map { |task| task[/\A[^\[]*/] }
          measure("rake #{names.join(" ")}", &)
        ensure
          finish
        end

        # @api private
        def around_task(task, &)
          return yield if task.actions.empty? || !(@tracked.key?(task.name) || (all? && !RakeWorkers.task?(task.name)))

          measure(task.name, &)
        end

        private

        # A module that the initializer of 0.3.0 defines is a switch too.
        def all?
          @enabled || HeapPeriscopeAgent.configuration.enable_rake_instrumentation ||
            HeapPeriscopeAgent.const_defined?(:RakeApplicationInstrumentation, false)
        end

        def begin_watching
          @lock.synchronize { @started ||= HeapPeriscopeAgent.start }
        end

        def measure(name, &)
          begin_watching
          HeapPeriscopeAgent.span(TYPE, name, &)
        end

        def finish
          started = @lock.synchronize { @started.tap { @started = false } }
          HeapPeriscopeAgent.stop if started
        end

        # Rails loads the same file again when a task loads the app; setting options twice changes nothing.
        def load_settings
          path = @settings.to_s
          load(path) if !path.empty? && File.exist?(path)
        rescue StandardError, ScriptError => e
          level = @enabled || @tracked.any? ? :warn : :debug
          HeapPeriscopeAgent.log("#{path} could not be loaded without the app: #{e.class}: #{e.message}", level: level)
        end
      end

      # @api private
      module Command
        def top_level
          return super if options.show_tasks || options.show_prereqs

          HeapPeriscopeAgent::Integrations::Rake.around_command(top_level_tasks) { super }
        end
      end

      # @api private
      module Task
        def execute(args = nil)
          HeapPeriscopeAgent::Integrations::Rake.around_task(self) { super }
        end
      end
    end
  end
end
