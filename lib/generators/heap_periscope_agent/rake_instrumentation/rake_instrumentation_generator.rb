# frozen_string_literal: true

require_relative "../base"

module HeapPeriscopeAgent
  module Generators
    class RakeInstrumentationGenerator < Base
      source_root File.expand_path("templates", __dir__)

      def create_rake_file
        template "lib/tasks/heap_periscope_agent.rake.tt"
      end
    end
  end
end
