# frozen_string_literal: true

module HeapPeriscopeUi
  class Store
    # Keeps leak suspects: one row from the first to the last report that names the class of a process.
    class Suspects
      FIGURES = %w[confidence objects_per_hour objects_per_hour_error bytes_per_hour count bytes].freeze
      # Growth that began longer ago is of a clock that was wrong.
      LONGEST_MS = 400 * 86_400_000
      DETAILS = %w[sites spans stack sentence].freeze

      def initialize(names)
        @names = names
      end

      # @param state [ProcessState]
      # @param entries [Array<Hash>] the whole `leak_suspects` of one snapshot
      def write(state, entries, at)
        open = LeakSuspect.where(process_id: state.id, ended_at: nil).pluck(:name_id, :id).to_h
        state.changes[:leak_suspects] = entries.size
        entries.uniq { |entry| @names.id(entry["class_name"]) }.each do |entry|
          name_id = @names.id(entry["class_name"])
          row = attributes(entry, at)
          id = open.delete(name_id)
          if id
            LeakSuspect.where(id: id).update_all(row)
          else
            LeakSuspect.insert_all([row.merge(process_id: state.id,
                                              name_id: name_id, first_seen_at: at)])
          end
        end
        LeakSuspect.where(id: open.values).update_all(ended_at: at) if open.any?
      end

      private

      def attributes(entry, at)
        since = (Timestamps.parse(entry["since"]) || at).clamp(at - LONGEST_MS, at)
        entry.slice(*FIGURES).transform_keys(&:to_sym)
             .merge(confidence: entry["confidence"] || "low", since: since, last_seen_at: at, details: JSON.generate(entry.slice(*DETAILS)))
      end
    end
  end
end
