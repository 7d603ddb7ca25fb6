# frozen_string_literal: true

require "rbconfig"

module HeapPeriscopeAgent
  # What sampling knows of allocations and survivors, for those who ask in the process itself. Extended by HeapPeriscopeAgent.
  module AllocationSampling
    GROUPINGS = %i[site class span].freeze
    private_constant :GROUPINGS

    # Who allocates: estimates for the time since sampling began (`config.enable_allocation_sampling`, then `start`).
    # A site is the innermost line of the application's own code; without one on the stack, the innermost line.
    #
    # @param limit [Integer] rows at most, at least 0
    # @param by [:site, :class, :span] what a row stands for
    # @return [Array<Hash>] most objects first. `objects:` Integer, estimated for the whole process; `standard_error:`
    #   Integer, in objects (the truth is within twice as much 95 times in 100); `share:` Float of all objects. By site
    #   `class_name:`, `path:`, `line:`, `method:`, `stack:` (Array of lines); by class `class_name:`; by span `type:` and
    #   `name:`, both absent for what was allocated outside of spans. Empty when sampling has not run.
    # @raise [ArgumentError] for another grouping or limit
    def allocation_sites(limit: 50, by: :site)
      raise ArgumentError, "by must be one of #{GROUPINGS.map(&:inspect).join(", ")}, not #{by.inspect}" unless GROUPINGS.include?(by)

      sampling_rows(limit) { Native.allocation_rows_json(by, limit) }
    end

    # Every sampled stack, unfolded: for exports.
    # @param limit [Integer] rows at most, at least 0
    # @return [Array<Hash>] `{class_name:, objects:, standard_error:, share:, stack: [innermost line, …]}`, most objects first
    # @raise [ArgumentError] for another limit
    def allocation_stacks(limit: 100_000)
      sampling_rows(limit) { Native.allocation_rows_json(:stack, limit) }
    end

    # Who stays: what is alive now of all that was allocated since sampling began, by allocation site.
    # @param limit [Integer] rows at most, at least 0
    # @return [Array<Hash>] most bytes first: as allocation_sites by site, and `bytes:`, `watched:` (objects the estimate
    #   rests on), `ages: {young:, middle:, old:}` (objects, by major collections survived: none, 1 to 3, more),
    #   `lifetimes: [{le_s:, objects:}]` (of those that died, by age in seconds; nil is no bound). Empty where retention
    #   is not watched: see allocation_sampling.
    # @raise [ArgumentError] for another limit
    def retained_sites(limit: 50)
      sampling_rows(limit) { Native.retained_rows_json(limit) }
    end

    # State of the sampler. @return [Hash, nil] `allocation_sampling` of docs/wire-format.md; nil when sampling was never on
    def allocation_sampling
      text = Native.sampling_status_json
      text && Payload.rows(text)
    end

    # Tells the native side which code is whose. @return [void]
    def self.prepare
      library = RbConfig::CONFIG.values_at("rubylibdir", "rubyarchdir", "sitelibdir", "vendorlibdir").compact.uniq
      Native.sampling_folders(application_root, library)
    end

    def self.application_root
      root = ::Rails.root if defined?(::Rails) && ::Rails.respond_to?(:root)
      (root || Dir.pwd).to_s
    rescue SystemCallError
      ""
    end
    private_class_method :application_root

    private

    def sampling_rows(limit)
      raise ArgumentError, "limit must be an Integer of at least 0, not #{limit.inspect}" unless limit.is_a?(Integer) && !limit.negative?

      configuration
      Payload.rows(yield)
    end
  end
end
