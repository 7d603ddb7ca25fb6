# frozen_string_literal: true

require_relative "receiving/fields"
require_relative "../exporters/pprof"

module HeapPeriscopeAgent
  module CLI
    # Sums up the allocation sites and keeps the latest retained sites of what is received, and makes a pprof profile of
    # both. Anybody may have sent them: bounded, and what is not of the right kind is passed over.
    class SiteProfile
      ROWS_MAX = 50_000
      TEXT_MAX = 400
      STACK_MAX = 128
      private_constant :ROWS_MAX, :TEXT_MAX, :STACK_MAX

      # @return [Integer] rows there was no room for
      attr_reader :dropped

      def initialize
        @allocated = {}
        @retained = {}
        @dropped = 0
      end

      # @param datagram [Datagram]
      def add(datagram)
        process = "#{datagram.service_name} #{datagram.process_id}"
        rows(datagram, "allocation_sites") { |key, site| sum(process, key, Fields.count(site, "objects")) }
        key = [datagram.source, datagram.sequence]
        rows(datagram, "retained_sites") do |row, site|
          forget_older(datagram.source, key)
          keep(@retained, [key, process, row], [Fields.count(site, "objects").to_i, Fields.count(site, "bytes").to_i])
        end
      end

      # @param seconds [Numeric] how long was listened
      # @return [String] the gzipped profile
      def to_s(seconds:)
        allocations = @allocated.map { |(process, key), objects| key.merge(process: process, objects: objects) }
        retained = @retained.map do |(_, process, key), (objects, bytes)|
          key.merge(process: process, objects: objects, bytes: bytes)
        end
        Exporters::Pprof.new(allocations, retained: retained, seconds: seconds).to_s
      end

      private

      def rows(datagram, section)
        Fields.array(datagram.payload, section).each do |site|
          next unless site.is_a?(Hash) && (class_name = Fields.text(site, "class_name", limit: TEXT_MAX))

          yield({ class_name: class_name, stack: stack(site) }, site)
        end
      end

      def stack(site)
        lines = Fields.array(site, "stack").first(STACK_MAX).grep(String).map { |line| Text.clean(line, limit: TEXT_MAX) }
        return lines if lines.any?

        path = Fields.text(site, "path", limit: TEXT_MAX)
        path ? ["#{path}:#{Fields.count(site, "line").to_i} in #{Fields.text(site, "method", limit: TEXT_MAX)}"] : []
      end

      def sum(process, key, objects)
        place = [process, key]
        return @allocated[place] += objects.to_i if @allocated.key?(place)

        keep(@allocated, place, objects.to_i)
      end

      def keep(table, place, value)
        return @dropped += 1 if @allocated.size + @retained.size >= ROWS_MAX

        table[place] = value
      end

      # What lives is told anew in each snapshot, perhaps in several parts.
      def forget_older(source, key)
        @latest ||= {}
        return if @latest[source] == key

        @retained.delete_if { |(old, *), _| old.first == source }
        @latest[source] = key
      end
    end
  end
end
