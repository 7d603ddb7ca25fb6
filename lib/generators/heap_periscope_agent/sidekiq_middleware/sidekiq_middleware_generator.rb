# frozen_string_literal: true

require_relative "../base"

module HeapPeriscopeAgent
  module Generators
    class SidekiqMiddlewareGenerator < Base
      source_root File.expand_path("templates", __dir__)

      def create_initializer
        template "config/initializers/heap_periscope_agent_sidekiq.rb.tt"
      end
    end
  end
end
