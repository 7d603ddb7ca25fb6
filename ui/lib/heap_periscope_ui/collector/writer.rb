# frozen_string_literal: true

module HeapPeriscopeUi
  module Collector
    # The one thread that writes: takes datagrams in batches, checks them, puts parts together, stores them, and between batches
    # keeps house. No error ends it.
    class Writer
      BATCH = 500
      WAIT_S = 0.5
      # The receiver, and the application's requests where it serves some, wait for the interpreter's lock while this thread computes.
      # It is offered so many times while a batch is read, and between its transactions: at each offer all others have their turn
      # first, so more would make a batch last too long beside busy threads, and none is made once many datagrams wait.
      OFFERS = 10
      SHORTEST = 8
      CROWDED = 4 * BATCH
      STEP_S = 0.1
      # Bytes of a refused datagram that the log shows.
      EXCERPT = 300

      # @return [Counters]
      attr_reader :counters
      # @return [Trouble]
      attr_reader :trouble

      # @param beat [#call] called about every second, with the time; reports and housekeeping
      # @param gave_up [#call, nil] called when nothing could be written for too long
      def initialize(inbox, store:, config:, housekeeper:, beat:, gave_up: nil)
        @inbox = inbox
        @store = store
        @housekeeper = housekeeper
        @beat = beat
        @gave_up = gave_up
        @trouble = Trouble.new
        @complaints = Complaints.new("write")
        @counters = Counters.new
        @backlog = Backlog.new(store, counters: @counters, trouble: @trouble) { |error| note(error) }
        @assembler = Assembler.new
        @datagram = Datagram.new(signatures: signatures(config))
        @beat_at = 0
      end

      # Runs until {#stop}, then writes what waits. Whatever goes wrong, it goes on; what could not be written is tried again.
      def run
        guard { step } || sleep(STEP_S) until @given_up || (@stopped && @inbox.empty? && @backlog.empty?)
        guard { in_application { finish } }
      end

      def stop
        @stopped = true
        @inbox.close
      end

      # @return [Integer]
      def parts_lost
        @assembler.parts_lost
      end

      # @return [Hash{Symbol=>Integer}] what could not be kept as it came, {Store::Notices#to_h}
      def notices
        @store.notices.to_h
      end

      private

      def signatures(config)
        Signatures.new(config.secrets, window: config.time_window, last: @store.method(:last_sequence)) if config.secrets.any?
      end

      def step
        if @backlog.empty?
          batch = @inbox.take(BATCH, WAIT_S)
          in_application { turn(batch) }
        elsif wait
          in_application { turn([]) }
        else
          give_up
        end
        true
      end

      def turn(batch)
        guard { write(batch) }
        guard { beat }
        guard { @housekeeper.step(busy: @inbox.size > BATCH) } if @backlog.empty?
      end

      def finish
        guard { write([], Float::INFINITY) } unless @given_up
        @counters.fail(@backlog.clear)
        guard { @housekeeper.release }
        guard { beat(force: true) }
      end

      # @return [Object] what the block answered; nil where something went wrong
      def guard
        yield
      rescue *MISHAPS => e
        note(e)
        nil
      end

      def note(error)
        trouble.note(error)
        @complaints.log(error)
      end

      # @return [Boolean] whether to try again
      def wait
        limit = Timestamps.clock + trouble.pause
        sleep(STEP_S) until @stopped || trouble.long? || Timestamps.clock >= limit
        !@stopped && !trouble.long?
      end

      # Told to end, or for too long in vain: what waits is lost, and counted.
      def give_up
        @counters.fail(@backlog.clear + @inbox.clear)
        @given_up = true
        @gave_up&.call unless @stopped
      end

      # As a request is: an application in development does not reload its classes meanwhile.
      def in_application(&block)
        application = ::Rails.application
        application ? application.executor.wrap(&block) : yield
      end

      def write(batch, clock_ms = Timestamps.clock_ms)
        messages = batch.each_with_index.filter_map do |(bytes, at), index|
          offer(index, batch.size)
          message(bytes, at)
        end
        @backlog.add(messages.concat(@assembler.overdue(clock_ms)))
        @backlog.store { Thread.pass if @inbox.size < CROWDED }
      end

      def offer(index, size)
        Thread.pass if (index % [size / OFFERS, SHORTEST].max).zero? && @inbox.size < CROWDED
      end

      def message(bytes, at)
        @counters.receive(1, at)
        message = @datagram.read(bytes, at)
        message["_bytes"] = bytes.bytesize
        message["_at"] = at
        @assembler.add(message, Timestamps.clock_ms)
      rescue Refused => e
        explain(e, bytes) unless @counters.refused.key?(e.message)
        @counters.refuse(e.message, at)
        nil
      rescue *MISHAPS => e
        # A fault of ours, which must not cost the others.
        @counters.fail(1)
        note(e)
        nil
      end

      # Once for each reason: anybody may send anything. Inspected, so that nothing reaches a terminal that it would obey.
      def explain(refused, bytes)
        HeapPeriscopeUi.logger.warn("heap_periscope_ui refused a datagram: #{refused.message}" \
                                    "#{", #{refused.place}" if refused.place}: #{bytes.byteslice(0, EXCERPT).b.inspect.byteslice(0, EXCERPT)}")
      end

      def beat(force: false)
        now = Timestamps.clock
        return unless force || now - @beat_at >= 1.0

        @beat_at = now
        @beat.call(Timestamps.now)
      end
    end
  end
end
