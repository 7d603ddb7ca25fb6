# frozen_string_literal: true

require "timeout"
require "heap_periscope_agent/version"
require_relative "support/gc_stress"

# Every spec runs with objects moving under it: native code that keeps a stale address shows itself.
GC.auto_compact = true if GC.respond_to?(:auto_compact=)

RSpec.configure do |config|
  config.disable_monkey_patching!
  config.order = :random
  Kernel.srand config.seed
  config.expect_with(:rspec) { |expectations| expectations.include_chain_clauses_in_custom_matcher_descriptions = true }
  config.mock_with(:rspec) { |mocks| mocks.verify_partial_doubles = true }
  config.shared_context_metadata_behavior = :apply_to_host_groups
  config.filter_run_when_matching :focus

  # An example that hangs fails instead of stopping the suite; a group may set another limit with `timeout: seconds`.
  patience = Float(ENV.fetch("HEAP_PERISCOPE_SPEC_TIMEOUT_FACTOR", "1"))
  config.around do |example|
    Timeout.timeout(example.metadata.fetch(:timeout, 120) * patience) { example.run }
  end

  config.before(:suite) { GcStress.install } if GcStress.on?
end
