# frozen_string_literal: true

module HeapPeriscopeUi
  class Store
    # Which value stands where in a frame's details: the keys of GC.stat differ by Ruby version, not by report, so they are stored
    # once. Bounded in memory and in the table: a sender that makes up keys gets no layout past the limit, and its details are not kept.
    class Layouts
      # Some dozen Rubies times the sections that are on or off; also what {Layout} keeps in memory.
      LIMIT = 1_000

      def initialize(notices)
        @notices = notices
        @ids = {}
      end

      # @param keys [Array] nested keys of all sections, as {Sections.keys} gives them
      # @return [Array(Array, Integer)] the keys, the same object for all that are equal, and the id of the layout; nil when there are
      #   too many
      def find(keys)
        known = @ids[keys] and return known

        id = find_or_create(keys)
        if id.nil?
          @notices.count(:layouts_over_limit)
          return
        end

        @ids.clear if @ids.size >= LIMIT
        @ids[keys] = [keys, id]
      end

      private

      def find_or_create(keys)
        text = JSON.generate(Sections.names(keys))
        digest = Digest::SHA256.hexdigest(text)
        id = Layout.where(digest: digest).pick(:id)
        return id if id || full?

        @count += 1
        Layout.insert_all([{ digest: digest, keys: text }], unique_by: :digest)
        Layout.where(digest: digest).pick(:id)
      end

      def full?
        @count ||= Layout.count
        @count >= LIMIT
      end
    end
  end
end
