# frozen_string_literal: true

module HeapPeriscopeUi
  module Collector
    # Puts the parts of a report together again. Bounded in number and time: a report whose parts do not all come is given out with
    # what came, since each part is complete in itself.
    class Assembler
      WAIT_MS = 2_000
      LIMIT = 500
      # Bytes of all parts that wait, as they came.
      BYTES = 16 * 1024 * 1024
      # Entries of one list in a report that came in parts. An agent that is asked for more classes than that sends many small ones.
      MOST = 10_000

      Pending = Struct.new(:parts, :count, :since_ms, :bytes)

      # @return [Integer] parts that never came, since the start
      attr_reader :parts_lost

      def initialize
        @pending = {}
        @bytes = 0
        @parts_lost = 0
      end

      # @param message [Hash] checked
      # @param now_ms [Numeric] of a clock that nobody sets
      # @return [Hash, nil] the message, whole; nil while parts are missing
      def add(message, now_ms)
        count = message["parts"] || 1
        return message if count == 1 || message["instance"].nil? || message["sequence"].nil?

        key = [message["instance"], message["sequence"]]
        pending = (@pending[key] ||= Pending.new({}, count, now_ms, 0))
        keep(pending, message)
        return if pending.parts.size < pending.count

        merge(take(key))
      end

      # @return [Array<Hash>] reports that waited long enough, or that there is no room for
      def overdue(now_ms)
        due = []
        while (key, pending = @pending.first) && (now_ms - pending.since_ms > WAIT_MS || @pending.size > LIMIT || @bytes > BYTES)
          take(key)
          @parts_lost += [pending.count - pending.parts.size, 0].max
          due << merge(pending)
        end
        due
      end

      def size
        @pending.size
      end

      private

      def keep(pending, message)
        return if pending.parts.key?(message["part"])

        pending.parts[message["part"]] = message
        bytes = message["_bytes"] || 0
        pending.bytes += bytes
        @bytes += bytes
      end

      def take(key)
        @pending.delete(key).tap { |pending| @bytes -= pending.bytes }
      end

      def merge(pending)
        parts = pending.parts.sort.map(&:last)
        whole = parts.first
        payload = parts.drop(1).each_with_object(whole["payload"]) { |part, merged| merge_sections(merged, part["payload"]) }
        cap(payload)
        whole.merge("payload" => payload, "_parts" => parts.size, "_bytes" => parts.sum { |part| part["_bytes"] || 0 })
      end

      # Objects by key, arrays in the order of the parts, as docs/wire-format.md says; spans are arrays within an object.
      # Into the first part itself: a copy for each of many parts would take the square of their number.
      def merge_sections(one, two)
        one.merge!(two) do |_, left, right|
          if left.is_a?(Hash) && right.is_a?(Hash) then merge_sections(left, right)
          elsif left.is_a?(Array) && right.is_a?(Array) then left.concat(right)
          else right
          end
        end
      end

      # Of classes the largest are kept; lists have the largest first.
      def cap(payload)
        classes = payload["living_objects_by_class"]
        if classes && classes.size > MOST
          payload["living_objects_by_class"] = classes.max_by(MOST) { |_, entry| entry["bytes"] || entry["count"] || 0 }.to_h
        end
        [payload, payload["living_objects_by_spans"]].compact.each do |sections|
          sections.each { |name, list| sections[name] = list.first(MOST) if list.is_a?(Array) && list.size > MOST }
        end
      end
    end
  end
end
