# frozen_string_literal: true

module HeapPeriscopeUi
  class Store
    # Until 1.0.0 the collector left pauses between half a millisecond and a second out of the histograms that it stored, and with
    # them out of the percentiles of rollups. What was stored before this database met a version that keeps them is told apart by
    # a moment in its table of facts.
    module WholePauses
      KEY = "whole_pauses"

      module_function

      # Called before anything is written.
      def mark(now_ms)
        return if Meta.exists?(key: KEY)

        Meta.insert_all([{ key: KEY, value: nil, at: ObservedProcess.unscoped.exists? ? now_ms : 0 }], unique_by: :key)
      end

      # @return [Integer] unix ms; rows before it may have lost pauses
      def since
        Meta.where(key: KEY).pick(:at) || Timestamps.now
      end
    end
  end
end
