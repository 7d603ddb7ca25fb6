# frozen_string_literal: true

module HeapPeriscopeUi
  # The live log of a process. `after` is a cursor: ids of one process only grow.
  class EventsQuery
    LIMIT = 200
    # An event may arrive this much later than it was reported.
    LATE_MS = 600_000

    # @param process [ObservedProcess]
    # @param after [Integer, nil] only what came after this id
    # @param before [Integer, nil] only what came before this id, for paging back
    # @param kinds [Array<String>, nil] of {Event::KINDS}
    # @raise [BadParameter]
    def initialize(process, after: nil, before: nil, kinds: nil, limit: LIMIT)
      unknown = (kinds || []) - Event::KINDS.keys.map(&:to_s)
      if unknown.any?
        raise BadParameter,
              "kind must be one of #{Event::KINDS.keys.join(", ")}, not #{unknown.first.inspect}"
      end

      @process = process
      @after = after
      @before = before
      @kinds = kinds
      @limit = limit.clamp(1, LIMIT)
    end

    # @return [Hash] {cursor: Integer (pass it as `after`), events: newest first [{id:, at: unix ms, kind: "snapshot"|"gc"|"lost"|"goodbye", …}]} with
    #   snapshot: sequence:, parts:, bytes:, census_ms: · gc: n: collections, ms:, pauses: [ms], by: reason, major: reason or absent,
    #   single: [{ms:, major:, reason:, thread:}] · lost: n:, sequence: of the report after the gap · goodbye: reason:
    def call
      rows = scope.order(at: :desc, id: :desc).limit(@limit).pluck(:id, :at, :kind, :data)
      { cursor: rows.map(&:first).max || @after || 0, events: rows.map { |id, at, kind, data| event(id, at, kind, data) } }
    end

    private

    # Time is what the index knows: around the cursor's, so that a long log is not read for its last lines.
    def scope
      scope = Event.where(process_id: @process.id)
      scope = scope.where("id > ?", @after).where("at > ?", time_of(@after, 0) - LATE_MS) if @after
      scope = scope.where("id < ?", @before).where("at < ?", time_of(@before, Timestamps.now) + LATE_MS) if @before
      @kinds ? scope.where(kind: @kinds.map { |kind| Event::KINDS.fetch(kind.to_sym) }) : scope
    end

    def time_of(id, otherwise)
      Event.where(id: id).pick(:at) || otherwise
    end

    def event(id, at, kind, data)
      name = Event::KIND_NAMES.fetch(kind).to_s
      { id: id, at: at, kind: name, **Stored.object(data, Stored::EVENTS.fetch(name)).deep_symbolize_keys }
    end
  end
end
