# frozen_string_literal: true

# `heap_periscope run` puts the agent into a process before the program asks for it, perhaps from another copy of the
# gem: two would watch each other. What is still missing then are the hooks into Rails.
if defined?(HeapPeriscopeAgent::Autostart) && HeapPeriscopeAgent::Autostart.loaded?
  HeapPeriscopeAgent::Autostart.require_again
  return
end

require_relative "heap_periscope_agent/version"
require_relative "heap_periscope_agent/errors"
require_relative "heap_periscope_agent/guard"
require_relative "heap_periscope_agent/log"
require_relative "heap_periscope_agent/configuration"
require_relative "heap_periscope_agent/service_name"
require_relative "heap_periscope_agent/native_loader"
require_relative "heap_periscope_agent/fork_hook"
require_relative "heap_periscope_agent/lifecycle"
require_relative "heap_periscope_agent/allocation_sampling"
require_relative "heap_periscope_agent/compat/collector"
require_relative "heap_periscope_agent/compat/reporter"

# Watches heap and garbage collector of this process and reports over UDP.
#
#   HeapPeriscopeAgent.configure { |config| config.interval = 5 }
#   HeapPeriscopeAgent.start
module HeapPeriscopeAgent
  # Needed by what is asked for by hand only; a process that just reports does without JSON.
  autoload :Payload, File.join(__dir__, "heap_periscope_agent/payload.rb")
  autoload :LeakSuspects, File.join(__dir__, "heap_periscope_agent/leak_suspects.rb")
  autoload :Signature, File.join(__dir__, "heap_periscope_agent/signature.rb")
  # What belongs to libraries that a process may not have.
  autoload :Integrations, File.join(__dir__, "heap_periscope_agent/integrations.rb")
  autoload :SidekiqJobTracker, File.join(__dir__, "heap_periscope_agent/compat/sidekiq_job_tracker.rb")
  autoload :SidekiqMiddleware, File.join(__dir__, "heap_periscope_agent/compat/sidekiq_middleware.rb")
  autoload :SpanReport, File.join(__dir__, "heap_periscope_agent/compat/span_report.rb")

  # Formats of other tools.
  module Exporters
    autoload :Folded, File.join(__dir__, "heap_periscope_agent/exporters/folded.rb")
    autoload :Pprof, File.join(__dir__, "heap_periscope_agent/exporters/pprof.rb")
  end

  extend AllocationSampling

  # The defaults stand in options.rb only; whoever asks the native side before there is a configuration gets these.
  Native.configure(Configuration.new({}).to_native)

  @configuration_lock = Mutex.new

  class << self
    # @return [Configuration]
    def configuration
      @configuration || @configuration_lock.synchronize { @configuration ||= adopt(Configuration.new) }
    end

    # @param configuration [Configuration]
    def configuration=(configuration)
      @configuration = adopt(configuration)
    end

    # Changes options; a running reporter follows at its next tick.
    # @yieldparam config [Configuration]
    # @return [Object] what the block returns
    # @raise [ConfigurationError] for an unknown option or a value that is not allowed; then nothing has changed
    def configure(&)
      configuration.update(&)
    end

    # Starts reporting. Counted: as many stops end it as there were starts.
    # @return [Boolean] whether the reporter runs; false when `config.enabled` is false. Never raises.
    def start
      Lifecycle.start
    end

    # @return [Boolean] whether there was a start to take back. The last stop sends a last snapshot. Never raises.
    def stop
      Lifecycle.stop
    end

    # @return [Boolean]
    def running?
      Native.running?
    end

    # Sends one snapshot now, whether the reporter runs or not. Walks the heap in one go: about 10 ms a million objects
    # with `enable_detailed_objects`, 3 ms without.
    # @return [Boolean] whether all of it was handed to the kernel. Never raises.
    def report_once!
      Lifecycle.report_once
    end

    # The payload of a snapshot, nothing sent (docs/wire-format.md). Walks the heap in one go.
    # @param detailed [Boolean] with `:living_objects_by_class`
    # @return [Hash{Symbol => Object}]
    def snapshot(detailed: false)
      configuration
      Payload.parse(Native.snapshot_json(detailed))
    end

    # All living objects by class, in one walk.
    # @param limit [Integer, nil] classes at most; nil for all
    # @param bytes [Boolean] also sum their memory; without, `:bytes` is 0 and the walk takes half the time
    # @return [Array<Hash>] `{name: String, type: "native" | "application", count: Integer, bytes: Integer}`, by
    #   descending count
    # @raise [ArgumentError] when limit is neither nil nor an Integer of at least 0
    def census(limit: nil, bytes: true)
      unless valid_limit?(limit)
        raise ArgumentError,
              "limit must be nil or an Integer of at least 0, not #{limit.inspect}"
      end

      configuration
      rows = Native.census(bytes)
      rows = rows.first(limit) if limit
      rows.map do |name, count, size, platform|
        { name:, type: platform ? "native" : "application", count:, bytes: size }
      end
    end

    # GC pauses since the last snapshot that was sent. @return [Hash] `gc_pauses` of docs/wire-format.md
    def gc_pauses = figures.fetch(:gc_pauses)

    # @return [Hash] `process_memory` of docs/wire-format.md, in bytes
    def process_memory = figures.fetch(:process_memory)

    # What watching has cost so far. @return [Hash] `agent_cost` of docs/wire-format.md
    def agent_cost = figures.fetch(:agent_cost)

    # Classes that grow the way a leak does, as the running reporter saw it last. Needs `enable_allocation_sampling`;
    # empty until there were 7 observations with collections between them, and while nothing grows.
    # @return [Array<Hash>] most bytes an hour first: `{class_name: String, confidence: :low | :medium | :high,
    #   objects_per_hour: Float, objects_per_hour_error: Float, bytes_per_hour: Float, bytes_per_hour_error: Float,
    #   since: Time, count: Integer, bytes: Integer, sites: [{path:, line:, method:, share:}],
    #   spans: [{type:, name:, share:}], stack: [String], sentence: String}`; errors are half the width of the 95 %
    #   confidence interval, shares are 0.0..1.0 of the sampled survivors, count and bytes are of all objects now
    def leak_suspects
      configuration
      LeakSuspects.parse(Native.leak_suspects_json)
    end

    # Writes a line to the agent's log. @see Log.write
    def log(message, level: :info)
      Log.write(message, level: level)
    end

    private

    def adopt(configuration)
      configuration.on_change { |changed| Lifecycle.apply(changed) }
      Lifecycle.apply(configuration)
      configuration
    end

    def figures
      configuration
      Payload.parse(Native.figures_json)
    end

    def valid_limit?(limit)
      limit.nil? || (limit.is_a?(Integer) && limit >= 0)
    end
  end

  require_relative "heap_periscope_agent/railtie" if defined?(::Rails::Railtie)
end
