# frozen_string_literal: true

module HeapPeriscopeUi
  class Store
    # Allocation sites to ids: class, path, line and method, with the latest stack. Bounded as {Names} are.
    class Sites
      CACHE = 20_000
      # Of a stack, from its beginning: the site and who called it.
      STACK_BYTES = 4_096
      DAY_MS = 86_400_000

      # @param limit [Integer] rows of the table
      def initialize(names, limit:, notices:)
        @names = names
        @limit = limit
        @notices = notices
        @cache = {}
        @day = 0
      end

      # @param entries [Array<Hash>] of `allocation_sites` or `retained_sites`
      # @return [Array<String>] the texts to prepare in {Names}
      def self.texts(entries)
        entries.flat_map { |entry| [entry["class_name"], entry["path"].presence.to_s, entry["method"].presence] }.compact
      end

      # @param entry [Hash]
      # @return [Integer]
      def id(entry, now_ms)
        start_day(now_ms / DAY_MS)
        path = entry["path"].presence
        texts = [entry["class_name"], path.to_s, path ? entry["line"] : 0, entry["method"].presence]
        # Ids, not texts: a line of an entry is as small as its numbers.
        key = [@names.id(texts[0]), @names.id(texts[1]), texts[2], texts[3] && @names.id(texts[3])]
        @cache[key] || begin
          @cache.clear if @cache.size >= CACHE
          @cache[key] = find_or_create(texts, key, entry["stack"])
        end
      end

      private

      def start_day(day)
        return if day == @day

        @day = day
        @cache.clear
        @count = nil
      end

      def find_or_create(texts, ids, stack)
        return overflow if @names.overflow_id && ids.include?(@names.overflow_id)

        digest = digest(texts)
        known = Site.where(digest: digest).pick(:id)
        return overflow if known.nil? && count >= @limit

        @count += 1 unless known
        write(digest, ids, stack)
      end

      def overflow
        @notices.count(:sites_over_limit)
        @overflow ||= write(digest([Names::OVERFLOW]), ([@names.fixed_id(Names::OVERFLOW)] * 2) + [0, nil], nil)
      end

      def write(digest, ids, stack)
        class_id, path_id, line, method_id = ids
        row = { digest: digest, class_name_id: class_id, path_id: path_id, line: line, method_id: method_id,
                stack: stack && JSON.generate(shortened(stack)), used_on: @day }
        Site.upsert_all([row], unique_by: :digest)
        Site.where(digest: digest).pick(:id)
      end

      def shortened(stack)
        size = 0
        stack.take_while { |line| (size += line.bytesize) <= STACK_BYTES }
      end

      def digest(texts)
        Digest::SHA256.hexdigest(JSON.generate(texts))
      end

      def count
        @count ||= Site.count
      end
    end
  end
end
