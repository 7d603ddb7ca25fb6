# frozen_string_literal: true

module HeapPeriscopeUi
  module Collector
    # Datagrams between the receiver and the writer: bounded in number and in bytes; what does not fit is counted and dropped.
    class Inbox
      # Those of the datagrams, and of what the interpreter keeps for each.
      BYTES = 64 * 1024 * 1024
      EACH = 160
      # Of one batch: taken apart, a datagram is some ten times as large.
      BATCH_BYTES = 4 * 1024 * 1024

      # @return [Integer] most that ever waited; datagrams that did not fit
      attr_reader :highest, :dropped, :limit

      def initialize(limit)
        @limit = limit
        @items = []
        @bytes = 0
        @wanted = 1
        @highest = @dropped = 0
        @lock = Mutex.new
        @arrived = ConditionVariable.new
      end

      # @param batch [Array<String>] as received
      def push(batch, now_ms)
        @lock.synchronize do
          batch.each { |bytes| add(bytes, now_ms) }
          @highest = @items.size if @items.size > @highest
          @arrived.signal if @items.size >= @wanted
        end
      end

      # @param max [Integer]
      # @param wait_s [Numeric] for so many: a transaction costs the same for one and for hundreds
      # @return [Array<Array(String, Integer)>] bytes and when they arrived (unix ms), oldest first; fewer where they are large
      def take(max, wait_s)
        @lock.synchronize do
          @wanted = max
          @arrived.wait(@lock, wait_s) if @items.size < max && !@closed
          taken = @items.shift(fitting(max))
          @bytes -= taken.sum { |bytes, _| bytes.bytesize + EACH }
          taken
        end
      end

      # Wakes the writer for the last time.
      def close
        @lock.synchronize do
          @closed = true
          @arrived.broadcast
        end
      end

      # @return [Integer] how many waited, which nobody will write
      def clear
        @lock.synchronize do
          @bytes = 0
          @items.size.tap { @items.clear }
        end
      end

      def size
        @items.size
      end

      def empty?
        @items.empty?
      end

      private

      # @return [Integer] how many make a batch of at most {BATCH_BYTES}, one at least
      def fitting(max)
        size = 0
        index = @items.first(max).index { |bytes, _| (size += bytes.bytesize) > BATCH_BYTES }
        index ? [index, 1].max : max
      end

      def add(bytes, now_ms)
        size = bytes.bytesize + EACH
        if @items.size >= @limit || @bytes + size > BYTES
          @dropped += 1
        else
          @items << [bytes, now_ms]
          @bytes += size
        end
      end
    end
  end
end
