# frozen_string_literal: true

require "heap_periscope_agent"
require_relative "integrations"
require_relative "rails_process"

module HeapPeriscopeAgent
  # Puts the hooks in place and starts the agent once the app has booted, in the processes that want it.
  class Railtie < ::Rails::Railtie
    initializer "heap_periscope_agent.integrations" do
      Integrations::ActionController.install
      Integrations::ActiveRecord.install
      Integrations::ActiveJob.install
    end

    config.after_initialize do
      jobs = HeapPeriscopeAgent.configuration.enable_job_instrumentation
      Integrations::Sidekiq.install if jobs && defined?(::Sidekiq)
      RailsProcess.start
    end

    rake_tasks do |app|
      Integrations::Rake.install(settings: app.root.join("config/initializers/heap_periscope_agent.rb"))
    end
  end
end
