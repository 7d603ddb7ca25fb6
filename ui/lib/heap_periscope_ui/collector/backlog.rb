# frozen_string_literal: true

module HeapPeriscopeUi
  module Collector
    # Messages that were read and are not stored yet. What the database does not take is told apart from a database that takes nothing now:
    # the first is divided until one message is left, which is lost and counted; for the second everything waits.
    class Backlog
      # @param trouble [Trouble]
      # @yieldparam error [Exception] whatever went wrong
      def initialize(store, counters:, trouble:, &mishap)
        @store = store
        @counters = counters
        @trouble = trouble
        @mishap = mishap
        @slices = []
      end

      def empty?
        @slices.empty?
      end

      # @param messages [Array<Hash>]
      def add(messages)
        @slices.concat(messages.each_slice(@store.slice).to_a)
      end

      # @return [Integer] how many datagrams waited, which nobody will store
      def clear
        datagrams(@slices.flatten).tap { @slices.clear }
      end

      # Stores what waits, as far as the database takes it.
      # @yield between transactions
      def store
        while (messages = @slices.first)
          outcome = write(messages)
          return if outcome == :away

          yield
          @slices.shift
          divide(messages) if outcome == :refused
        end
      end

      private

      # One message that the database does not take must not cost the others.
      def divide(messages)
        @counters.divide
        return @counters.fail(datagrams(messages)) if messages.one?

        @slices.unshift(*messages.each_slice((messages.size / 2.0).ceil))
      end

      # @return [Symbol] :stored; :refused, where the database takes other things; :away
      def write(messages)
        started = Timestamps.clock
        # In one transaction nobody else is offered the interpreter's lock: requests may wait for its end.
        @store.write(messages)
        @counters.time(messages.size, (Timestamps.clock - started) * 1000.0)
        @counters.store(datagrams(messages), Timestamps.now)
        @trouble.over
        :stored
      rescue *MISHAPS => e
        @mishap.call(e)
        return :refused if !Store::Outage.of?(e) && @store.writable?

        @trouble.begin
        :away
      end

      def datagrams(messages)
        messages.sum { |message| message["_parts"] || 1 }
      end
    end
  end
end
