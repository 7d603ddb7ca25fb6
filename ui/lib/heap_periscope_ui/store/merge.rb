# frozen_string_literal: true

module HeapPeriscopeUi
  class Store
    # Several rows of one process in time to one, and rows of several processes at one time to one of their service. Works on packed
    # rows of any level: raw ones have a value for each metric, rollups mean, least and greatest.
    module Merge
      Row = Struct.new(*Batch::SAMPLE_COLUMNS.drop(2))
      # Sites and classes kept in one row.
      SITES = 200
      CLASSES = 2_000

      module_function

      # @param rows [Array<Row>] oldest first
      # @param width [Integer] 1 for raw rows, 3 for rollups
      # @return [Row] without layout and details
      def over_time(rows, width:)
        pauses = Packed.sum(rows.map(&:pauses))
        Row.new(
          rows.sum(&:reports), nil,
          MetricMerge.over_time(rows.map(&:core), rows.map(&:reports), width: width, pauses: pauses && Packing.load(pauses)),
          nil, pauses,
          newest(rows, :classes), Packed.spans(rows.map(&:spans), survivors: :last),
          Packed.allocation_sites(rows.map(&:allocation_sites)), newest(rows, :retained_sites)
        )
      end

      # @param rows [Array<Row>] rollups of a service's processes at one time
      # @return [Row]
      def over_processes(rows)
        Row.new(
          rows.map(&:reports).max, nil, MetricMerge.over_processes(rows.map(&:core)), nil, Packed.sum(rows.map(&:pauses)),
          Packed.classes(rows.map(&:classes)), Packed.spans(rows.map(&:spans), survivors: :sum),
          Packed.allocation_sites(rows.map(&:allocation_sites)), Packed.retained_sites(rows.map(&:retained_sites))
        )
      end

      def newest(rows, column)
        rows.reverse_each { |row| return row[column] if row[column] }
        nil
      end
    end

    # Metrics merged; see {Merge}.
    module MetricMerge
      # Counted over a row's time, not measured at moments.
      SUMMED = %w[pause_count pause_total_ms].map { |name| Metrics::INDEX.fetch(name) }.freeze
      PERCENTILES = { "pause_p50_ms" => 0.50, "pause_p95_ms" => 0.95, "pause_p99_ms" => 0.99 }.transform_keys do |name|
        Metrics::INDEX.fetch(name)
      end.freeze
      LONGEST = Metrics::INDEX.fetch("pause_max_ms")

      module_function

      # @param cores [Array<String>] packed
      # @param weights [Array<Integer>] reports of each
      # @param pauses [Array<Integer>, nil] the merged histogram
      # @return [String] packed mean, least and greatest of each metric
      def over_time(cores, weights, width:, pauses: nil)
        lists = cores.map { |core| Packing.load(core) }
        merged = Metrics::ALL.each_index.flat_map do |index|
          width == 1 ? from_values(lists, index) : from_bands(lists, weights, index)
        end
        percentiles(merged, pauses) if pauses
        Packing.dump(merged)
      end

      # @param cores [Array<String>] packed rollups
      def over_processes(cores)
        lists = cores.map { |core| Packing.load(core) }
        merged = Metrics::MERGES.each_with_index.flat_map do |way, index|
          Array.new(3) { |offset| combine(lists.filter_map { |list| list[(index * 3) + offset] }, way) }
        end
        Packing.dump(merged)
      end

      def combine(values, way)
        return if values.empty?

        case way
        when :sum then values.sum
        when :max then values.max
        else values.sum / values.size
        end
      end

      def from_values(lists, index)
        values = lists.filter_map { |list| list[index] }
        return [nil, nil, nil] if values.empty?

        sum = values.sum
        [SUMMED.include?(index) ? sum : sum / values.size, values.min, values.max]
      end

      def from_bands(lists, weights, index)
        bands = lists.zip(weights).filter_map { |list, weight| [weight, *list[index * 3, 3]] if list[index * 3] }
        return [nil, nil, nil] if bands.empty?

        middle = if SUMMED.include?(index) then bands.sum { |_, mean| mean }
                 else bands.sum { |weight, mean| mean * weight } / bands.sum(&:first)
                 end
        [middle, bands.map { |band| band[2] }.min, bands.map(&:last).max]
      end

      # A mean of percentiles says little; the merged histogram says more.
      def percentiles(merged, pauses)
        longest = merged[(LONGEST * 3) + 2]
        PERCENTILES.each do |index, share|
          value = Histogram.percentile(pauses, share)
          merged[index * 3] = [(value * 1000).round, longest].compact.min if value
        end
      end
    end
  end
end
