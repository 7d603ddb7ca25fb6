# frozen_string_literal: true

module HeapPeriscopeUi
  class Store
    # Writing to SQLite beside requests that write to the same file. Whoever waits for its lock waits in C, in many versions with the
    # interpreter's lock held: then the thread that holds the file cannot run to let go of it. So here a transaction is short, is not
    # interrupted in the middle, and waits for others in Ruby. Other databases lock rows and know no such trouble.
    class ShortWrites
      PATIENCE_S = 10
      STEP_S = 0.002
      # Of one transaction: what others may have to wait.
      AIM_MS = 10.0
      LARGEST = 200
      FIRST = 8
      UNBOUNDED = 500
      # The interpreter takes the processor away from a thread of this priority after eight times as long as from others.
      PRIORITY = 3
      # Takes the lock before anything is read: a transaction that has read cannot wait for it any more.
      LOCK = "UPDATE #{Schema::PREFIX}meta SET at = at WHERE id = 0".freeze

      # Of a pool of connections: whoever takes one waits with it in Ruby.
      module PatientPool
        def checkout(*)
          super.tap { |connection| ShortWrites.be_patient(connection) }
        end
      end

      # Lets a connection wait without holding up other threads. No exception may pass through SQLite's own frames.
      # @param connection [ActiveRecord::ConnectionAdapters::AbstractAdapter]
      def self.be_patient(connection)
        since = nil
        connection.raw_connection.busy_handler do |count|
          since = Timestamps.clock if count.zero?
          Thread.handle_interrupt(Object => :never) { sleep(STEP_S) }
          Timestamps.clock - since < PATIENCE_S
        end
      end

      # @return [Integer] messages that one transaction should have
      attr_reader :size

      def initialize
        @size = FIRST
      end

      # One transaction.
      # @param count [Integer] messages in it
      def transaction(connection, count, &block)
        return connection.transaction(&block).tap { @size = UNBOUNDED } unless connection.adapter_name.match?(/sqlite/i)

        prepare
        Thread.pass # others have their turn first, and this thread then a whole one
        uninterrupted { connection.transaction { locked(connection, count, &block) } }
      end

      private

      # What the models look up once, and read files for, they have before anybody waits for them.
      def prepare
        @prepared ||= ApplicationRecord.descendants.each { |model| model.columns_hash unless model.abstract_class? }
      end

      def locked(connection, count)
        connection.execute(LOCK)
        started = Timestamps.clock
        yield
        learn(count, (Timestamps.clock - started) * 1000)
      end

      def uninterrupted
        thread = Thread.current
        before = thread.priority
        thread.priority = PRIORITY
        yield
      ensure
        thread.priority = before
      end

      def learn(count, milliseconds)
        if milliseconds > AIM_MS
          @size = [@size / 2, 1].max
        elsif count >= @size && milliseconds < AIM_MS / 3
          @size = [@size * 2, LARGEST].min
        end
      end
    end
  end
end
