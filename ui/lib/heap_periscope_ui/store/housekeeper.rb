# frozen_string_literal: true

module HeapPeriscopeUi
  class Store
    # Rollups, retention and deletions, a small step at a time between the writer's batches. Of several collectors on one database
    # the one that holds the lease does it.
    class Housekeeper
      # Time a call may take beyond its first step.
      BUDGET_S = 0.03
      PURGE_EVERY_MS = 1_000

      def initialize(store, config = HeapPeriscopeUi.configuration)
        @store = store
        @lease = Lease.new
        @vanished = Vanished.new
        @rollup = Rollup.new
        @retention = Retention.new(config)
        @complaints = Complaints.new("keep house")
        @looked_at = @roll_ms = 0
        @active = false
      end

      # @param busy [Boolean] datagrams wait: one step only, and nothing that can wait
      def step(busy: false, now_ms: Timestamps.now)
        Connection.ready!
        Connection.with { @vanished.look(now_ms) } unless busy
        return unless due?(now_ms)

        limit = Timestamps.clock + BUDGET_S
        Connection.with do |connection|
          loop do
            @active = work(connection, now_ms, busy)
            break if !@active || busy || Timestamps.clock > limit
          end
        end
      rescue ActiveRecord::ActiveRecordError => e
        @rollup.reset
        @looked_at = now_ms + 5_000
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
      def due?(now_ms)
        return true if @active
        return false if now_ms - @looked_at < 1_000

        @looked_at = now_ms
        forget_deleted
        return true if @lease.held?(now_ms)

        @rollup.reset
        false
      end

      def work(connection, now_ms, busy)
        if @lease.held?(now_ms)
          return roll(now_ms) || (!busy && (purge(connection,
                                                  now_ms) || @retention.step(connection, now_ms)))
        end

        false
      end

      def roll(now_ms)
        started = Timestamps.clock
        done = @rollup.step(now_ms)
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
      def purge(connection, now_ms)
        return false if now_ms - (@purged_at || 0) < PURGE_EVERY_MS

        removed = Deletion.purge(connection)
        @purged_at = now_ms if removed.zero?
        removed.positive?
      end

      # A process that was deleted and still reports must become a new one.
      def forget_deleted
        @store.registry.forget_all(ObservedProcess.unscoped.where.not(deleted_at: nil).ids)
      end
    end
  end
end
