# frozen_string_literal: true

require "zlib"
require_relative "protobuf"
require_relative "stack_line"

module HeapPeriscopeAgent
  module Exporters
    # Allocation sites and retained sites as a pprof profile
    # (https://github.com/google/pprof/blob/main/proto/profile.proto), for `go tool pprof`, speedscope and the like.
    # The values of a sample are those of a heap profile: allocated objects, living objects, living bytes. The class of the
    # objects is the label "class", the process (where it is given) the label "process".
    class Pprof
      SAMPLE_TYPES = [%w[alloc_objects count], %w[inuse_objects count], %w[inuse_space bytes]].freeze
      private_constant :SAMPLE_TYPES

      # @param allocations [Array<Hash>] rows of HeapPeriscopeAgent.allocation_stacks or allocation_sites
      # @param retained [Array<Hash>] rows of HeapPeriscopeAgent.retained_sites
      # @param seconds [Numeric] the time the rows tell of
      # @param time [Time] when it ended
      def initialize(allocations, retained: [], seconds: 0, time: Time.now)
        @rows = allocations.map { |row| [row, [row.fetch(:objects), 0, 0]] } +
                retained.map { |row| [row, [0, row.fetch(:objects), row.fetch(:bytes)]] }
        @seconds = seconds
        @time = time
        @strings = { "" => 0 }
        @functions = {}
        @locations = {}
      end

      # @return [String] the profile, gzipped
      def to_s
        Zlib.gzip(profile)
      end

      # @return [String] the profile's bytes before compression
      def profile
        samples = @rows.map { |row, values| sample(row, values) }
        Protobuf.encode do |message|
          write_types(message)
          samples.each { |bytes| message.bytes(2, bytes) }
          write_places(message)
          write_times(message)
          type = string("alloc_objects")
          @strings.each_key { |text| message.bytes(6, text) }
          message.integer(14, type)
        end
      end

      private

      def sample(row, values)
        locations = frames(row).map { |frame| location(frame) }
        Protobuf.encode do |message|
          message.integers(1, locations)
          message.integers(2, values)
          { "class" => row[:class_name], "process" => row[:process] }.compact.each do |key, text|
            message.message(3) do |label|
              label.integer(1, string(key))
              label.integer(2, string(text))
            end
          end
        end
      end

      # Innermost first. A row without a stack is at least a place; one without a place is named after its class.
      def frames(row)
        lines = row[:stack]
        lines = [row[:path] ? "#{row[:path]}:#{row[:line]} in #{row[:method]}" : row.fetch(:class_name)] if lines.nil? || lines.empty?
        lines.map { |line| StackLine.parse(line) }
      end

      def string(text)
        @strings[text.dup.force_encoding(Encoding::UTF_8).scrub] ||= @strings.size
      end

      def function(frame)
        @functions[[frame.function, frame.path]] ||= [@functions.size + 1, string(frame.function), string(frame.path)]
      end

      def location(frame)
        (@locations[frame] ||= [@locations.size + 1, function(frame).first]).first
      end

      def write_types(message)
        SAMPLE_TYPES.each do |type, unit|
          message.message(1) do |value_type|
            value_type.integer(1, string(type))
            value_type.integer(2, string(unit))
          end
        end
      end

      def write_places(message)
        @locations.each do |frame, (id, function_id)|
          message.message(4) do |location|
            location.integer(1, id)
            location.message(4) do |line|
              line.integer(1, function_id)
              line.integer(2, frame.line)
            end
          end
        end
        @functions.each_value do |id, name, path|
          message.message(5) do |function|
            # Without a system name pprof takes the name as it is, and "<main>" for no C++ template.
            { 1 => id, 2 => name, 4 => path }.each { |field, value| function.integer(field, value) }
          end
        end
      end

      def write_times(message)
        message.integer(9, (@time.to_r * 1_000_000_000).to_i)
        message.integer(10, (@seconds * 1_000_000_000).to_i)
      end
    end
  end
end
