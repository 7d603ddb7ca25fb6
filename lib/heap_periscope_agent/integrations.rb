# frozen_string_literal: true

module HeapPeriscopeAgent
  # Where spans come from: one file for each library, loaded and hooked only where that library is.
  module Integrations
    autoload :ActionController, File.join(__dir__, "integrations/action_controller.rb")
    autoload :ActiveJob, File.join(__dir__, "integrations/active_job.rb")
    autoload :ActiveRecord, File.join(__dir__, "integrations/active_record.rb")
    autoload :Rake, File.join(__dir__, "integrations/rake.rb")
    autoload :Sidekiq, File.join(__dir__, "integrations/sidekiq.rb")
  end
end
