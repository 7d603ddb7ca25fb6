# frozen_string_literal: true

module Bench
  # Ways to watch allocations, each with a start and a stop; run in a worker of its own. A rival that does not install on this
  # Ruby, or does not start, raises LoadError or NameError when it is made.
  module Observers
    # With the budget and the interval of a whole core where it has a share of one only: the work between two snapshots is the same.
    class Agent
      def initialize
        require "heap_periscope_agent"
        share = Float(ENV.fetch("CORE_SHARE", 1))
        HeapPeriscopeAgent.configure do |config|
          config.allocation_budget *= share
          config.interval /= share
          config.enable_allocation_sampling = true
          config.verbose = false
          config.port = 9
        end
      end

      def start = HeapPeriscopeAgent.start

      def stop
        @status = HeapPeriscopeAgent.allocation_sampling
        HeapPeriscopeAgent.stop
      end

      def facts = @status.slice(:windows, :cost_share, :retained_state, :retained_watched)
    end

    class TraceObjectAllocations
      def initialize = require("objspace")
      def start = ObjectSpace.trace_object_allocations_start
      def facts = {}

      def stop
        ObjectSpace.trace_object_allocations_stop
        ObjectSpace.trace_object_allocations_clear
      end
    end

    class AllocationTracer
      def initialize
        require "allocation_tracer"
        ObjectSpace::AllocationTracer.setup(%i[path line class])
      end

      def start = ObjectSpace::AllocationTracer.start
      def stop = ObjectSpace::AllocationTracer.stop
      def facts = {}
    end

    class VernierProfile
      def initialize(**options)
        require "vernier"
        @options = options
        Vernier.method(:start_profile) # NameError where the release for this Ruby is an empty one
      end

      def start = Vernier.start_profile(**@options)
      def stop = Vernier.stop_profile
      def facts = {}
    end

    class SocketryProfiler
      def initialize
        require "memory/profiler"
        @capture = Memory::Profiler::Capture.new
        @capture.method(:track_all=)
      end

      def start
        @capture.track_all = true
        @capture.start
      end

      def stop
        @capture.stop
        @capture.clear
      end

      def facts = {}
    end

    ALL = {
      "heap_periscope_agent, budget 1 %" => -> { Agent.new },
      "vernier, allocation_interval 1000" => -> { VernierProfile.new(mode: :wall, allocation_interval: 1000) },
      "vernier, mode retained" => -> { VernierProfile.new(mode: :retained) },
      "memory-profiler (socketry), track_all" => -> { SocketryProfiler.new },
      "allocation_tracer" => -> { AllocationTracer.new },
      "ObjectSpace.trace_object_allocations" => -> { TraceObjectAllocations.new }
    }.freeze
  end
end
