# frozen_string_literal: true

# DEMO_INSTRUMENTATION=controller,job leaves the other kinds of spans out.
instrumented = ENV.fetch("DEMO_INSTRUMENTATION", "controller,model,job,rake").split(",")

HeapPeriscopeAgent.configure do |config|
  config.interval = Float(ENV.fetch("DEMO_INTERVAL", "5"))
  config.host = ENV.fetch("HEAP_PERISCOPE_HOST", "127.0.0.1")
  config.port = Integer(ENV.fetch("HEAP_PERISCOPE_PORT", "9000"))
  config.verbose = ENV["HEAP_PERISCOPE_VERBOSE"] == "true"
  config.enable_detailed_objects = true
  config.enable_controller_instrumentation = instrumented.include?("controller")
  config.enable_model_instrumentation = instrumented.include?("model")
  config.enable_job_instrumentation = instrumented.include?("job")
  config.enable_rake_instrumentation = instrumented.include?("rake")
  config.enable_allocation_sampling = true
  config.gc_pauses = true # before Ruby 3.3, too, so that no page is empty: allocations cost a tenth more there
  config.census_budget = Float(ENV.fetch("DEMO_CENSUS_BUDGET", "0.01"))
end
