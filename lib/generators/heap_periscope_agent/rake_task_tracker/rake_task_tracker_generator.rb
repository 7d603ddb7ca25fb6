# frozen_string_literal: true

require_relative "../base"

module HeapPeriscopeAgent
  module Generators
    class RakeTaskTrackerGenerator < Base
      source_root File.expand_path("templates", __dir__)

      argument :task_name, type: :string, desc: "The task to measure, such as db:seed"

      def check_task_name
        return if task_name.match?(/\A\w[\w.-]*(:\w[\w.-]*)*\z/)

        raise ::Thor::Error,
              "#{task_name.inspect} is no task name. Give it as Rake prints it, without arguments: db:seed"
      end

      def create_rake_file
        template "lib/tasks/heap_periscope_agent_task.rake.tt",
                 "lib/tasks/heap_periscope_agent_task_#{task_name.tr(":", "-")}.rake"
      end
    end
  end
end
