# frozen_string_literal: true

module HeapPeriscopeUi
  module Collector
    # The sections of each kind of message.
    module PayloadSchema
      SINGLE_PAUSES = 100
      SITE_NUMBERS = %w[objects bytes standard_error share].freeze
      # A class may grow in number while it shrinks in bytes, and the other way round.
      SUSPECT_RATES = %w[objects_per_hour objects_per_hour_error bytes_per_hour bytes_per_hour_error].freeze
      PAUSE_NUMBERS = %w[count total_ms max_ms since_s p50_ms p95_ms p99_ms].freeze
      SPAN_NUMBERS = %w[calls errors wall_ms allocated_objects gc_time_ms].freeze
      CONFIDENCES = %w[low medium high].freeze

      module_function

      # @param whole [Boolean] a first part, which has the sections every snapshot has
      def snapshot(payload, whole:)
        Checks.object(payload["gc_stats"]) if whole
        %w[gc_stats object_space_summary process_memory].each do |name|
          section(payload, name) { |value| Checks.all_numbers(value) }
        end
        section(payload, "living_objects_by_class") { |value| classes(value) }
        section(payload, "living_objects_by_spans") { |value| spans(value) }
        section(payload, "heap_pools") { |value| pools(value) }
        section(payload, "gc_pauses") { |value| pauses(value) }
        section(payload, "agent_cost") { |value| cost(value) }
        section(payload, "allocation_sampling") { |value| scalars(value) }
        section(payload, "allocation_sites") { |value| sites(value) }
        section(payload, "retained_sites") { |value| sites(value) }
        section(payload, "leak_suspects") { |value| suspects(value) }
      end

      def gc_report(payload)
        Checks.numbers(payload, %w[gc_duration_since_last_check_ms gc_invocation_count])
        section(payload, "latest_gc_info") { |value| scalars(value) }
        section(payload, "pauses_ms") do |list|
          Checks.list(list)
          raise Refused, "too many keys" if list.size > SINGLE_PAUSES

          list.each { |value| Checks.number(value) }
        end
        section(payload, "pauses") do |list|
          Checks.each_of(list) { |pause| scalars(pause) }
        end
      end

      def goodbye(payload)
        Checks.line(payload["reason"], 64) unless payload["reason"].nil?
      end

      def section(payload, name)
        value = payload[name]
        yield value unless value.nil?
      rescue Refused => e
        raise e.inside(name)
      end

      def classes(table)
        Checks.object(table)
        table.each do |name, entry|
          Checks.name(name)
          raise Refused, "wrong type" unless entry.is_a?(Hash)

          Checks.whole(entry["count"])
          Checks.optional_whole(entry["bytes"])
        end
      end

      def spans(types)
        Checks.object(types)
        types.each_value do |list|
          Checks.each_of(list) do |entry|
            Checks.object(entry)
            Checks.name(entry["name"])
            Checks.numbers(entry, SPAN_NUMBERS)
            Checks.optional_text(entry["measured_at"], 64)
            %w[live_objects survivors].each { |key| live_objects(entry[key]) if entry[key] }
          end
        end
      end

      def live_objects(list)
        Checks.each_of(list) do |entry|
          Checks.object(entry)
          Checks.name(entry["name"])
          Checks.whole(entry["count"])
          Checks.optional_whole(entry["bytes"])
        end
      end

      def pools(list)
        Checks.each_of(list) do |pool|
          Checks.all_numbers(pool)
          Checks.whole(pool["slot_bytes"])
        end
      end

      def pauses(value)
        Checks.object(value)
        Checks.numbers(value, PAUSE_NUMBERS)
        section(value, "buckets") do |list|
          Checks.each_of(list) { |bucket| Checks.all_numbers(bucket) }
        end
      end

      def cost(value)
        scalars(value.except("census"))
        section(value, "census") { |census| scalars(census) }
      rescue NoMethodError
        raise Refused, "wrong type"
      end

      # Numbers, booleans, short texts or null.
      def scalars(value)
        Checks.object(value)
        value.each_value do |item|
          case item
          when true, false, nil then next
          when String then Checks.text(item, Checks::NAME_BYTES)
          else Checks.number(item)
          end
        end
      end

      def sites(list)
        Checks.each_of(list) do |entry|
          Checks.object(entry)
          Checks.name(entry["class_name"])
          place(entry)
          Checks.numbers(entry, SITE_NUMBERS)
          stack(entry["stack"])
          section(entry, "ages") { |ages| Checks.all_numbers(ages) }
          section(entry, "lifetimes") { |buckets| Checks.each_of(buckets) { |bucket| Checks.all_numbers(bucket) } }
        end
      end

      # Without a path where nothing but methods in C ran, without a method where there was no stack.
      def place(entry)
        %w[path method].each { |key| Checks.optional_text(entry[key], Checks::NAME_BYTES) }
        return Checks.optional_whole(entry["line"]) unless entry["path"]

        Checks.whole(entry["line"])
        raise Refused, "number out of range" if entry["line"] >= 1 << 31
      end

      def suspects(list)
        Checks.each_of(list) do |entry|
          Checks.object(entry)
          Checks.name(entry["class_name"])
          raise Refused, "wrong type" unless CONFIDENCES.include?(entry["confidence"])

          SUSPECT_RATES.each { |key| Checks.rate(entry[key]) unless entry[key].nil? }
          %w[count bytes].each { |key| Checks.optional_whole(entry[key]) }
          %w[since sentence].each { |key| Checks.optional_text(entry[key]) }
          %w[sites spans].each { |key| section(entry, key) { |rows| Checks.each_of(rows) { |row| scalars(row) } } }
          stack(entry["stack"])
        end
      end

      def stack(value)
        return if value.nil?

        Checks.each_of(value) { |frame| Checks.text(frame, Checks::NAME_BYTES * 2) }
      end
    end
  end
end
