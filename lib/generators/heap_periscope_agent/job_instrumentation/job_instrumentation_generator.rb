# frozen_string_literal: true

require_relative "../base"

module HeapPeriscopeAgent
  module Generators
    class JobInstrumentationGenerator < Base
      source_root File.expand_path("templates", __dir__)

      def create_initializer
        template "config/initializers/heap_periscope_agent_job.rb.tt"
      end
    end
  end
end
