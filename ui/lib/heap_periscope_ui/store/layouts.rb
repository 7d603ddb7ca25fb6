# frozen_string_literal: true

module HeapPeriscopeUi
  class Store
    # Which value stands where in a frame's details: the keys of GC.stat differ by Ruby version, not by report, so they are stored
    # once.
    class Layouts
      # @return [Integer] layouts kept in memory
      LIMIT = 1_000

      def initialize
        @ids = {}
      end

      # @param keys [Array] nested keys of all sections, as {Sections.keys} gives them
      # @return [Integer] id of the layout
      def id(keys)
        @ids[keys] || begin
          @ids.clear if @ids.size >= LIMIT
          @ids[keys] = find_or_create(keys)
        end
      end

      private

      def find_or_create(keys)
        text = JSON.generate(Sections.names(keys))
        digest = Digest::SHA256.hexdigest(text)
        Layout.insert_all([{ digest: digest, keys: text }], unique_by: :digest)
        Layout.where(digest: digest).pick(:id)
      end
    end
  end
end
