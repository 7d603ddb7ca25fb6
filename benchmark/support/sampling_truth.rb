# frozen_string_literal: true

require "objspace"

module Bench
  # What a workload allocates: traced in full without the agent's help, and as the agent estimates it.
  module SamplingTruth
    module_function

    # One round with the collector off, so that every object is still there to be asked for its class and line.
    # @return [Hash{String => Float}] shares of "Class" and "Class at path:line"
    def traced(workload)
      SampledWorkloads.public_send(workload)
      GC.start
      GC.disable
      counts = Hash.new(0)
      total = 0
      ObjectSpace.trace_object_allocations do
        generation = GC.count
        SampledWorkloads.public_send(workload)
        ObjectSpace.each_object(BasicObject) do |object|
          next unless ObjectSpace.allocation_generation(object).to_i >= generation && (path = ObjectSpace.allocation_sourcefile(object))
          next if path == __FILE__

          name = Kernel.instance_method(:class).bind_call(object).name
          counts[name] += 1
          counts["#{name} at #{File.basename(path)}:#{ObjectSpace.allocation_sourceline(object)}"] += 1
          total += 1
        end
      end
      counts.transform_values { |count| count / total.to_f }
    ensure
      GC.enable
    end

    # @return [Hash{String => [Float, Float or nil]}] shares and their standard errors, of the same groups
    def sampled(workload, seconds)
      Observers::Agent.new.start
      ended = Process.clock_gettime(Process::CLOCK_MONOTONIC) + seconds
      SampledWorkloads.public_send(workload) until Process.clock_gettime(Process::CLOCK_MONOTONIC) > ended
      classes = HeapPeriscopeAgent.allocation_sites(limit: 1000, by: :class).reject { |row| row[:class_name] == "(internal)" }
      stacks = HeapPeriscopeAgent.allocation_stacks.reject { |row| row[:class_name] == "(internal)" }
      HeapPeriscopeAgent.stop
      all = classes.sum { |row| row[:share] }
      by_class(classes, all).merge(by_line(stacks))
    end

    def by_class(rows, all) = rows.to_h { |row| [row[:class_name], [row[:share] / all, row[:standard_error] * row[:share] / row[:objects] / all]] }

    # By the innermost line of Ruby, as trace_object_allocations tells it.
    def by_line(rows)
      counts = Hash.new(0)
      rows.each do |row|
        line = row[:stack]&.find { |frame| !frame.end_with?(" (C)") } or next
        counts["#{row[:class_name]} at #{File.basename(line[/\A(.+?:\d+) in /, 1].to_s)}"] += row[:objects]
      end
      total = rows.sum { |row| row[:objects] }.to_f
      counts.transform_values { |count| [count / total, nil] }
    end

    def compare(answer)
      truth, estimate = answer.values_at(:truth, :estimate)
      truth.select { |_, share| share >= 0.02 }.sort_by { |_, share| -share }.map do |name, share|
        estimated, error = estimate.fetch(name, [0.0, nil])
        { name: name, truth: share, share: estimated, error: error, off: estimated - share }
      end
    end

    A = Class.new
    B = Class.new

    def phases(length, seconds)
      Observers::Agent.new.start
      counts = [0, 0]
      began = Process.clock_gettime(Process::CLOCK_MONOTONIC)
      until (now = Process.clock_gettime(Process::CLOCK_MONOTONIC)) > began + seconds
        phase = ((now - began) / length).to_i % 2
        kind = phase.zero? ? A : B
        20.times { kind.new }
        counts[phase] += 20
      end
      rows = HeapPeriscopeAgent.allocation_sites(limit: 100, by: :class).to_h { |row| [row[:class_name], row[:share]] }
      HeapPeriscopeAgent.stop
      mine = [A, B].map { |kind| rows.fetch(kind.name, 0.0) }
      { truth: counts[0] / counts.sum.to_f, share: mine[0] / mine.sum }
    end
  end
end
