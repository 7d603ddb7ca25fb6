# frozen_string_literal: true

module HeapPeriscopeUi
  module Collector
    # What works while a process has the port: the receiver in the caller's thread, the writer in one of its own, the inbox between them.
    class Collection
      attr_reader :inbox, :receiver, :writer

      # @param sockets [Sockets]
      # @param beat, gave_up [#call] see {Writer}
      def initialize(sockets, config:, store:, beat:, gave_up:)
        @inbox = Inbox.new(config.queue_limit)
        @receiver = Receiver.new(sockets, @inbox)
        @writer = Writer.new(@inbox, store: store, config: config, housekeeper: Store::Housekeeper.new(store), beat: beat, gave_up: gave_up)
      end

      # @return [Hash] {queue:, queue_dropped:, received:, stored:, failed:, errors:, last_error:, …}
      def describe
        { queue: inbox.size, queue_dropped: inbox.dropped, received: receiver.received, stored: writer.counters.stored,
          failed: writer.counters.failed, **writer.trouble.to_h }
      end

      # Runs until {#stop}, and has then written what had arrived.
      def run
        thread = Threads.start("heap_periscope_ui writer") { @writer.run }
        @receiver.run
      ensure
        @writer.stop
        thread&.join
      end

      def stop
        @receiver.stop
      end
    end
  end
end
