# frozen_string_literal: true

module HeapPeriscopeUi
  module Collector
    # The one thread that writes: takes datagrams in batches, checks them, puts parts together, stores them, and between batches
    # keeps house.
    class Writer
      BATCH = 500
      WAIT_S = 0.5
      # The receiver, and the application's requests where it serves some, wait for the interpreter's lock while this thread computes.
      # It is offered so many times while a batch is read and as often while it is stored: at each offer all others have their turn
      # first, so more would make a batch last too long beside busy threads, and none is made once many datagrams wait.
      OFFERS = 10
      SHORTEST = 8
      CROWDED = 4 * BATCH
      RETRY_S = 1.0
      # Bytes of a refused datagram that the log shows.
      EXCERPT = 300

      # @return [Counters]
      attr_reader :counters

      # @param beat [#call] called about every second, with the time; reports and housekeeping
      def initialize(inbox, store:, config:, housekeeper:, beat:)
        @inbox = inbox
        @store = store
        @housekeeper = housekeeper
        @beat = beat
        @complaints = Complaints.new("write")
        @counters = Counters.new
        @assembler = Assembler.new
        signatures = config.secrets.any? ? Signatures.new(config.secrets, window: config.time_window) : nil
        @datagram = Datagram.new(signatures: signatures)
        @beat_at = 0
      end

      # Runs until {#stop}, then writes what waits.
      def run
        until @stopped && @inbox.empty?
          batch = @inbox.take(BATCH, WAIT_S)
          in_application { turn(batch) }
        end
        in_application { finish }
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

      def turn(batch)
        write(batch)
        beat
        @housekeeper.step(busy: @inbox.size > BATCH)
      end

      def finish
        store(@assembler.overdue(Float::INFINITY))
        @housekeeper.release
        beat(force: true)
      end

      # As a request is: an application in development does not reload its classes meanwhile.
      def in_application(&block)
        application = ::Rails.application
        application ? application.executor.wrap(&block) : yield
      end

      def write(batch)
        messages = batch.each_with_index.filter_map do |(bytes, at), index|
          offer(index, batch.size)
          message(bytes, at)
        end
        store(messages.concat(@assembler.overdue(Timestamps.clock_ms)))
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
      rescue StandardError => e
        # A check that fails by itself is a fault of ours, and no reason to end the thread.
        @complaints.log(e)
        @counters.refuse("wrong type", at)
        nil
      end

      # Once for each reason: anybody may send anything. Inspected, so that nothing reaches a terminal that it would obey.
      def explain(refused, bytes)
        HeapPeriscopeUi.logger.warn("heap_periscope_ui refused a datagram: #{refused.message}" \
                                    "#{", #{refused.place}" if refused.place}: #{bytes.byteslice(0, EXCERPT).b.inspect.byteslice(0, EXCERPT)}")
      end

      def store(messages)
        return if messages.empty?

        started = Timestamps.clock
        @store.write(messages) { |index| offer(index, messages.size) }
        @counters.time(messages.size, (Timestamps.clock - started) * 1000.0)
        @counters.store(datagrams(messages), Timestamps.now)
      rescue StandardError => e
        return divide(messages, e) unless Store::Outage.of?(e)

        wait_for_database(e) ? retry : @counters.fail(datagrams(messages))
      end

      # The database is away or busy: the inbox holds what arrives meanwhile.
      def wait_for_database(error)
        @complaints.log(error)
        return false if @stopped

        sleep(RETRY_S)
        true
      end

      # One message the database does not take must not cost the others.
      def divide(messages, error)
        @complaints.log(error)
        @counters.divide
        return @counters.fail(datagrams(messages)) if messages.one?

        messages.each_slice((messages.size / 2.0).ceil) { |half| store(half) }
      end

      def datagrams(messages)
        messages.sum { |message| message["_parts"] || 1 }
      end

      def beat(force: false)
        now = Timestamps.clock
        return unless force || now - @beat_at >= 1.0

        @beat_at = now
        @beat.call(Timestamps.now)
      rescue ActiveRecord::ActiveRecordError => e
        @complaints.log(e)
      end
    end
  end
end
