# frozen_string_literal: true

module HeapPeriscopeAgent
  module CLI
    # Puts the parts of reports together. What is never completed is given out as far as it came.
    class Assembler
      PATIENCE_S = 2
      MAX_PENDING = 64
      MAX_PENDING_BYTES = 16 * 1024 * 1024
      private_constant :PATIENCE_S

      # @return [Integer] parts that never came
      attr_reader :missing_parts

      def initialize
        @pending = {}
        @bytes = 0
        @missing_parts = 0
      end

      # @param datagram [Datagram]
      # @return [Array<Datagram>] the reports that are finished with it
      def add(datagram)
        return [datagram] if datagram.parts == 1 || datagram.sequence.nil?

        key = [datagram.source, datagram.sequence]
        parts = @pending[key] ||= {}
        @bytes += datagram.bytesize unless parts.key?(datagram.part)
        parts[datagram.part] ||= datagram
        reports = finish(parts.size == datagram.parts ? [key] : [])
        reports.concat(finish([@pending.keys.first])) while crowded?
        reports
      end

      # @param now [Time]
      # @return [Array<Datagram>] the reports nothing more is expected of
      def expire(now)
        finish(@pending.select { |_, parts| now - parts.each_value.first.received_at > PATIENCE_S }.keys)
      end

      private

      def crowded? = @pending.size > MAX_PENDING || @bytes > MAX_PENDING_BYTES

      def finish(keys)
        keys.filter_map do |key|
          parts = @pending.delete(key).sort.map(&:last)
          @bytes -= parts.sum(&:bytesize)
          @missing_parts += parts.first.parts - parts.size
          # Without the first part the figures that matter most are missing.
          parts.first.with_payload(merge_all(parts)) if parts.first.part == 1
        end
      end

      def merge_all(parts)
        parts.map(&:payload).reduce { |whole, payload| merge(whole, payload) }
      end

      def merge(one, other)
        return one.merge(other) { |_, mine, theirs| merge(mine, theirs) } if one.is_a?(Hash) && other.is_a?(Hash)

        one.is_a?(Array) && other.is_a?(Array) ? one + other : other
      end
    end
  end
end
