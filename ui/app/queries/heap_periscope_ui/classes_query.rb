# frozen_string_literal: true

module HeapPeriscopeUi
  # Living objects by class at one moment, and how they grew since another.
  class ClassesQuery
    KINDS = %w[application platform].freeze
    SORTS = %w[name count bytes count_change bytes_change].freeze

    # @param process [ObservedProcess, ObservedService]
    # @param at [Integer, nil] unix ms; nil: the newest census
    # @param since [Integer, nil] unix ms; nil: no growth
    # @param kind [String, nil] one of {KINDS}
    # @param filter [String, nil] part of the name, case does not matter
    # @param sort [String] one of {SORTS}; by name ascending, else descending
    # @param limit [Integer, nil]
    # @raise [BadParameter]
    def initialize(process, at: nil, since: nil, kind: nil, filter: nil, sort: "bytes", limit: nil)
      if kind && !KINDS.include?(kind)
        raise BadParameter,
              "kind must be one of #{KINDS.join(", ")}, not #{kind.inspect}"
      end
      raise BadParameter, "sort must be one of #{SORTS.join(", ")}, not #{sort.inspect}" unless SORTS.include?(sort)

      @process = process
      @at = at
      @since = since
      @kind = kind
      @filter = filter.presence&.downcase
      @sort = sort
      @limit = limit
    end

    # @return [Hash] {at: unix ms or nil (no census yet), since:, total: classes before limit, kinds: {"application" => {count:, bytes:, classes:},
    #   "platform" => …} over all classes, classes: [{name:, kind:, count:, bytes: or nil, count_change: or nil, bytes_change: or nil,
    #   suspect: Boolean}]}
    def call
      moment = census(@at)
      return { at: nil, since: nil, total: 0, kinds: {}, classes: [] } unless moment

      before = @since && census(@since)
      all = entries(moment, before)
      rows = sorted(filtered(all))
      { at: moment.at, since: before&.at, total: rows.size, kinds: kinds(all),
        classes: @limit ? rows.first(@limit) : rows }
    end

    private

    def census(at)
      MomentQuery.new(@process, at: at, having: :classes).find
    end

    def entries(moment, before)
      list = Packing.load_classes(moment.classes)
      texts = Name.texts(list.map(&:first))
      old = before && Packing.load_classes(before.classes).to_h { |id, _, count, bytes| [id, [count, bytes]] }
      list.map do |id, platform, count, bytes|
        { name: texts[id], kind: platform ? "platform" : "application", count: count, bytes: bytes,
          **growth(old, id, count, bytes), suspect: suspects.include?(id) }
      end
    end

    # A class outside the earlier table was below its least entry, so its growth is not known, unless the tables are whole.
    def growth(old, id, count, bytes)
      earlier = old && old[id]
      { count_change: earlier && (count - earlier[0]),
        bytes_change: earlier && bytes && earlier[1] && (bytes - earlier[1]) }
    end

    def suspects
      @suspects ||= LeakSuspect.where(process_id: @process.id, ended_at: nil, confidence: %w[medium high]).pluck(:name_id).to_set
    end

    def filtered(rows)
      rows.select do |row|
        (@kind.nil? || row[:kind] == @kind) && (@filter.nil? || row[:name].downcase.include?(@filter))
      end
    end

    def sorted(rows)
      return rows.sort_by { |row| row[:name] } if @sort == "name"

      # What has no size (version 0.3.0 of the original agent sends none) goes by its count.
      rows.sort_by { |row| [-(row[@sort.to_sym] || -Float::INFINITY), -row[:count], row[:name]] }
    end

    def kinds(rows)
      KINDS.to_h do |kind|
        members = rows.select { |row| row[:kind] == kind }
        [kind, { count: members.sum { |row| row[:count] }, bytes: members.sum do |row|
          row[:bytes] || 0
        end, classes: members.size }]
      end
    end
  end
end
