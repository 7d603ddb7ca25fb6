# frozen_string_literal: true

module HeapPeriscopeUi
  class Store
    # Counts what could not be kept as it came, for the status page: a bound was reached, or a value is not known to this version.
    class Notices
      MEANINGS = {
        pauses_of_unknown_buckets: "pauses came in buckets of other bounds than this version knows; they are counted in the next longer one",
        names_over_limit: "names did not fit names_limit; they share the entry “(too many names)”",
        sites_over_limit: "allocation sites did not fit names_limit; they share one entry",
        databases_replaced: "times the file of the database was removed or another one took its place; what it held is gone from here, and a " \
                            "database was opened anew",
        layouts_over_limit: "reports had keys that no Ruby has in so many ways; their GC.stat and the like is not kept"
      }.freeze

      def initialize
        @counts = Hash.new(0)
      end

      # @param notice [Symbol] of {MEANINGS}
      # @param number [Integer]
      # @return [nil]
      def count(notice, number = 1)
        @counts[notice] += number if number.positive?
        nil
      end

      # @return [Hash{Symbol=>Integer}] since the start, without zeros
      def to_h
        @counts.dup
      end
    end
  end
end
