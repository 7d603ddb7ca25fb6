# frozen_string_literal: true

module HeapPeriscopeUi
  class Store
    # What was stored already, so that it is not stored again. Bounded: what is forgotten is stored once more.
    class Seen
      LIMIT = 50_000

      def initialize(limit = LIMIT)
        @limit = limit
        @stamps = {}
      end

      # @param stamp [Object] changes when there is something new
      # @return [Boolean] whether it is another than the time before
      def fresh?(key, stamp)
        return false if @stamps[key] == stamp

        @stamps.clear if @stamps.size >= @limit
        @stamps[key] = stamp
        true
      end
    end
  end
end
