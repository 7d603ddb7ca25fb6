# frozen_string_literal: true

module HeapPeriscopeUi
  # Where objects come from (allocation sites, summed over a range) or where the living ones came from (retained sites, newest).
  class SitesQuery
    KINDS = %w[allocation retained].freeze
    LIMIT = 200

    # @param kind [String] one of {KINDS}
    # @param subjects [Array<ObservedProcess, ObservedService>] as for {SpansQuery}
    # @param filter [String, nil] part of class, path or method
    # @param class_name [String, nil] only this class
    def initialize(kind, subjects, range, filter: nil, class_name: nil, limit: LIMIT)
      raise BadParameter, "kind must be one of #{KINDS.join(", ")}, not #{kind.inspect}" unless KINDS.include?(kind)

      @kind = kind
      @subjects = subjects
      @range = range
      @filter = filter.presence&.downcase
      @class_name = class_name.presence
      @limit = limit
    end

    # @return [Hash] {from:, to:, sampling: [{process: id, state:, reason:, …}] of processes that said whether they sample, total:, objects:,
    #   sites: [{class_name:, path: and line: or nil, method: or nil, stack: [String] or nil, objects:, standard_error:, share: of all sites here,
    #   and for retained: bytes:, ages: {young:, middle:, old:}, lifetimes: [{le_s: or nil, objects:}]}] most objects (retained: bytes) first}
    def call
      sums = @kind == "allocation" ? allocations : retained
      rows = describe(sums)
      rows = rows.select { |row| wanted?(row) }
      rows.sort_by! { |row| -(row[:bytes] || row[:objects]) }
      objects = rows.sum { |row| row[:objects] }
      rows.each { |row| row[:share] = objects.zero? ? 0.0 : row[:objects] / objects.to_f }
      { from: @range.from, to: @range.to, sampling: sampling, total: rows.size, objects: objects,
        sites: rows.first(@limit) }
    end

    private

    # Standard errors of independent estimates add in squares.
    def allocations
      each_row(:allocation_sites).each_with_object({}) do |row, sums|
        Packing.load(row.allocation_sites).each_slice(4) do |id, objects, error, _share|
          sum = sums[id] ||= { objects: 0, variance: 0 }
          sum[:objects] += objects
          sum[:variance] += error**2
        end
      end
    end

    def retained
      @subjects.each_with_object({}) do |subject, sums|
        row = MomentQuery.new(subject, at: @range.to, having: :retained_sites).find
        next unless row && row.at >= @range.from

        Packing::RetainedSites.load(row.retained_sites).each { |site| add_retained(sums, site) }
      end
    end

    def add_retained(sums, site)
      sum = sums[site[:id]]
      variance = site[:standard_error]**2
      return sums[site[:id]] = site.except(:id, :standard_error).merge(variance: variance) unless sum

      sum[:objects] += site[:objects]
      sum[:bytes] += site[:bytes]
      sum[:variance] += variance
      sum[:ages] = sum[:ages].merge(site[:ages]) { |_, one, two| one + two }
    end

    def each_row(column)
      @subjects.flat_map do |subject|
        SampleRows.new(subject, @range, columns: [column]).call.select do |row|
          row[column]
        end
      end
    end

    def describe(sums)
      sites = Site.where(id: sums.keys).index_by(&:id)
      texts = Name.texts(sites.each_value.flat_map do |site|
        [site.class_name_id, site.path_id, site.method_id]
      end.compact)
      sums.filter_map do |id, sum|
        site = sites[id] or next
        path = texts[site.path_id].presence
        { class_name: texts[site.class_name_id], path: path, line: path && site.line, method: site.method_id && texts[site.method_id],
          stack: Stored.stack(site.stack), **sum.except(:variance), standard_error: Math.sqrt(sum[:variance]).round }
      end
    end

    def wanted?(row)
      return false if @class_name && row[:class_name] != @class_name

      @filter.nil? || [row[:class_name], row[:path], row[:method]].compact.any? do |text|
        text.downcase.include?(@filter)
      end
    end

    def sampling
      SamplingStates.of(@subjects)
    end
  end
end
