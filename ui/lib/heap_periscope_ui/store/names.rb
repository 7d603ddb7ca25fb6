# frozen_string_literal: true

module HeapPeriscopeUi
  class Store
    # Texts to ids and back. Both the cache in memory and the table are bounded: past the limit every new text gets the id of one
    # common entry, so a sender that makes up names cannot fill the disk.
    class Names
      OVERFLOW = "(too many names)"
      FORGOTTEN = "(forgotten name)"
      CACHE = 50_000
      CACHE_BYTES = 8 * 1024 * 1024
      DAY_MS = 86_400_000
      SLICE = 500

      # @return [Integer, nil] id of the common entry, once something got it
      attr_reader :overflow_id

      def initialize(limit:, notices:)
        @limit = limit
        @notices = notices
        @cache = {}
        @bytes = 0
        @day = 0
      end

      # Makes sure that the ids of all texts are known, in as few statements as possible.
      # @param texts [Array<String>]
      def prepare(texts, now_ms)
        start_day(now_ms / DAY_MS)
        missing = texts.reject { |text| @cache.key?(text) }.uniq
        return if missing.empty?

        # What is asked for now stays in the cache until it was used, so a batch may go beyond the bound by itself.
        if @cache.size + missing.size > CACHE || @bytes > CACHE_BYTES
          forget
          missing = texts.uniq
        end
        missing.each_slice(SLICE) { |slice| learn(slice) }
      end

      # @return [Integer] of a text that was prepared
      def id(text)
        @cache.fetch(text)
      end

      # @return [Integer] of a text that is there whatever the limit
      def fixed_id(text)
        lookup([text])[text] || insert([text])[text]
      end

      # @return [Integer] texts in memory
      def cached
        @cache.size
      end

      private

      # Once a day every name in use is touched, so that retention can tell which are not.
      def start_day(day)
        return if day == @day

        @day = day
        forget
        @count = nil
      end

      def forget
        @cache.clear
        @bytes = 0
      end

      def learn(texts)
        clean = texts.to_h { |text| [text, text.delete("\0")] }
        known = lookup(clean.values.uniq)
        fresh = clean.values.uniq - known.keys
        room = [@limit - count, 0].max
        known.merge!(insert(fresh.first(room))) if fresh.any? && room.positive?
        touch(known.values)
        clean.each do |text, stored|
          @cache[text] = known[stored] || overflow
          @bytes += text.bytesize
        end
      end

      def lookup(texts)
        Name.where(text: texts).pluck(:text, :id).to_h
      end

      def insert(texts)
        count
        Name.insert_all(texts.map { |text| { text: text, used_on: @day } }, unique_by: :text)
        @count += texts.size
        lookup(texts)
      end

      def touch(ids)
        Name.where(id: ids).where.not(used_on: @day).update_all(used_on: @day)
      end

      def overflow
        @notices.count(:names_over_limit)
        @overflow_id ||= fixed_id(OVERFLOW)
      end

      def count
        @count ||= Name.count
      end
    end
  end
end
