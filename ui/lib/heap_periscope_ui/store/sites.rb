# frozen_string_literal: true

module HeapPeriscopeUi
  class Store
    # Allocation sites to ids: class, path, line and method, with the latest stack.
    class Sites
      CACHE = 20_000
      DAY_MS = 86_400_000

      def initialize(names)
        @names = names
        @cache = {}
        @day = 0
      end

      # @param entries [Array<Hash>] of `allocation_sites` or `retained_sites`
      # @return [Array<String>] the texts to prepare in {Names}
      def self.texts(entries)
        entries.flat_map { |entry| [entry["class_name"], entry["path"].to_s, entry["method"].presence] }.compact
      end

      # @param entry [Hash]
      # @return [Integer]
      def id(entry, now_ms)
        day = now_ms / DAY_MS
        @cache.clear if day != @day || @cache.size >= CACHE
        @day = day
        path = entry["path"].presence
        key = [entry["class_name"], path.to_s, path ? entry["line"] : 0, entry["method"].presence]
        @cache[key] ||= find_or_create(key, entry["stack"])
      end

      private

      def find_or_create(key, stack)
        class_name, path, line, method = key
        row = { digest: Digest::SHA256.hexdigest(JSON.generate(key)), class_name_id: @names.id(class_name), path_id: @names.id(path),
                line: line, method_id: method && @names.id(method), stack: stack && JSON.generate(stack), used_on: @day }
        Site.upsert_all([row], unique_by: :digest)
        Site.where(digest: row[:digest]).pick(:id)
      end
    end
  end
end
