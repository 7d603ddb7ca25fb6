# frozen_string_literal: true

module HeapPeriscopeUi
  class Store
    # Rollups, retention and deletions, a small step at a time between the writer's batches. Of several collectors on one database
    # the one that holds the lease does it. Pauses are measured by the monotonic clock: the system's may be set.
    class Housekeeper
      # Time a call may take beyond its first step.
      BUDGET_S = 0.03
      PURGE_EVERY_MS = 1_000

      def initialize(store, config = HeapPeriscopeUi.configuration)
        @store = store
        @lease = Lease.new
        @vanished = Vanished.new
        @rollup = Rollup.new
        @retention = Retention.new(config, store: store)
        @space = Space.new(store, config)
        @complaints = Complaints.new("keep house")
        @clock = ClockWatch.new
        @looked_at = -Float::INFINITY
        @roll_ms = 0
        @active = false
      end

      # @param busy [Boolean] datagrams wait: one step only, and nothing that can wait
      # @param now_ms [Integer] unix ms
      # @param clock_ms [Numeric] of a clock that nobody sets
      def step(busy: false, now_ms: Timestamps.now, clock_ms: Timestamps.clock_ms)
        Connection.ready!
        Connection.with { @vanished.look(now_ms) } unless busy
        steady = @clock.steady?(now_ms, clock_ms)
        return unless due?(now_ms, clock_ms)

        limit = Timestamps.clock + BUDGET_S
        Connection.with do |connection|
          loop do
            @active = work(connection, now_ms, clock_ms, busy, steady)
            break if !@active || busy || Timestamps.clock > limit
          end
        end
      rescue ActiveRecord::ActiveRecordError => e
        @rollup.reset
        @looked_at = clock_ms + 5_000
        @complaints.log(e)
      end

      # Lets another collector take over at once.
      def release
        @lease.release
      rescue ActiveRecord::ActiveRecordError
        nil
      end

      private

      # Looked for once a second; once there is something to do, at every call.
      def due?(now_ms, clock_ms)
        return true if @active
        return false if clock_ms - @looked_at < 1_000

        @looked_at = clock_ms
        forget_deleted
        return true if @lease.held?(now_ms, clock_ms)

        @rollup.reset
        false
      end

      def work(connection, now_ms, clock_ms, busy, steady)
        return false unless @lease.held?(now_ms, clock_ms)
        # Also while datagrams wait: they are what fills the database.
        return true if @space.step(connection, now_ms, clock_ms)
        return true if roll(now_ms, clock_ms)
        return false if busy

        purge(connection, clock_ms) || (steady && @retention.step(connection, now_ms, clock_ms))
      end

      def roll(now_ms, clock_ms)
        started = Timestamps.clock
        done = @rollup.step(now_ms, clock_ms)
        if done
          @roll_ms += (Timestamps.clock - started) * 1000
        elsif @roll_ms.positive?
          report(now_ms)
        end
        done
      end

      def report(now_ms)
        Meta.upsert_all([{ key: "rollup", value: JSON.generate(ms: @roll_ms.round(1)), at: now_ms }], unique_by: :key)
        @roll_ms = 0
      end

      # What the page deletes goes soon, not with the next round of retention.
      def purge(connection, clock_ms)
        return false if @purged_at && clock_ms - @purged_at < PURGE_EVERY_MS

        removed = Deletion.purge(connection)
        @purged_at = clock_ms if removed.zero?
        removed.positive?
      end

      # A process that was deleted and still reports must become a new one.
      def forget_deleted
        @store.registry.forget_all(ObservedProcess.unscoped.where.not(deleted_at: nil).ids)
      end
    end
  end
end
