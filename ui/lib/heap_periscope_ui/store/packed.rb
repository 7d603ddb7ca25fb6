# frozen_string_literal: true

module HeapPeriscopeUi
  class Store
    # Sums of packed columns.
    module Packed
      module_function

      # @param blobs [Array<String, nil>] lists of the same meaning
      # @return [String, nil]
      def sum(blobs)
        lists = blobs.compact.map { |blob| Packing.load(blob) }
        return if lists.empty?

        longest = lists.map(&:size).max
        Packing.dump(Array.new(longest) { |index| lists.sum { |list| list[index] || 0 } })
      end

      # @return [String, nil] largest first
      def classes(blobs)
        blobs = blobs.compact
        return if blobs.empty?

        sums = {}
        blobs.each do |blob|
          Packing.load_classes(blob).each do |id, platform, count, bytes|
            entry = sums[id] ||= [id, platform, 0, nil]
            entry[2] += count
            entry[3] = (entry[3] || 0) + bytes if bytes
          end
        end
        Packing.dump_classes(sums.values.max_by(Merge::CLASSES) { |entry| entry[3] || entry[2] })
      end

      # @param survivors [Symbol] :last where the rows follow each other, :sum where they stand side by side
      def spans(blobs, survivors:)
        blobs = blobs.compact
        return if blobs.empty?
        return blobs.first if blobs.one?

        sums = {}
        blobs.each do |blob|
          Packing.load_spans(blob).each do |span|
            entry = sums[span[0, 2]]
            entry ? add_span(entry, span, survivors) : sums[span[0, 2]] = span
          end
        end
        Packing.dump_spans(sums.values)
      end

      def add_span(entry, span, survivors)
        [2, 3, 4, 5, 7].each { |index| entry[index] += span[index] }
        entry[6] ||= span[6]
        [8, 9].each do |index|
          next unless span[index]

          entry[index] = survivors == :last ? span[index] : (entry[index] || 0) + span[index]
        end
      end

      # Standard errors of independent estimates add in squares.
      def allocation_sites(blobs)
        blobs = blobs.compact
        return if blobs.empty?

        sums = {}
        blobs.each do |blob|
          Packing.load(blob).each_slice(4) do |id, objects, error, share|
            entry = sums[id] ||= [id, 0, 0, share]
            entry[1] += objects
            entry[2] += error**2
          end
        end
        Packing.dump(sums.values.max_by(Merge::SITES) do |entry|
          entry[1]
        end.flat_map { |id, objects, variance, share| [id, objects, Math.sqrt(variance).round, share] })
      end

      def retained_sites(blobs)
        sites = blobs.compact.flat_map { |blob| Packing::RetainedSites.load(blob) }
        return if sites.empty?

        sums = sites.group_by { |site| site[:id] }.map { |_, group| group.reduce { |one, two| add_retained(one, two) } }
        Packing::RetainedSites.dump(sums.max_by(Merge::SITES) { |site| site[:bytes] })
      end

      def add_retained(one, two)
        lifetimes = (one[:lifetimes] + two[:lifetimes]).group_by { |bucket| bucket[:le_s] }
                                                       .map do |bound, buckets|
          { le_s: bound, objects: buckets.sum do |bucket|
            bucket[:objects]
          end }
        end
        one.merge(objects: one[:objects] + two[:objects], bytes: one[:bytes] + two[:bytes],
                  standard_error: Math.sqrt((one[:standard_error]**2) + (two[:standard_error]**2)).round,
                  ages: one[:ages].merge(two[:ages]) { |_, left, right| left + right }, lifetimes: lifetimes)
      end
    end
  end
end
