# frozen_string_literal: true

module HeapPeriscopeUi
  module Alerts
    # The thread that looks for causes and tells of them. It waits for nobody's request, and nobody waits for it.
    class Watch
      EVERY_S = 15.0
      # Failed looks in a row after which the database counts as gone.
      PATIENCE = 4
      STOP_S = 1

      def initialize(config)
        @config = config
        @claims = Claims.new((config.alert_every * 1000).to_i)
        @complaints = Complaints.new("look for alerts")
        @since_ms = Timestamps.now
        @failures = 0
        @told = {}
        @lock = Mutex.new
        @changed = ConditionVariable.new
      end

      def start
        @thread = Collector::Threads.start("heap_periscope_ui alerts") { run }
        self
      end

      # @return [Boolean] false also in a forked child
      def alive?
        @thread&.alive? || false
      end

      def stop
        @lock.synchronize do
          @stopping = true
          @changed.broadcast
        end
        @thread&.join(STOP_S)
      end

      # One look, when it is this process's turn.
      # @return [Integer] how many alerts were sent
      def look(now_ms = Timestamps.now)
        Store::Connection.ready!
        due = @claims.turn?(now_ms, (EVERY_S * 900).to_i)
        @failures = 0
        due ? tell(found(now_ms), now_ms) : 0
      rescue ActiveRecord::ActiveRecordError => e
        @complaints.log(e)
        @failures += 1
        database_gone(e, now_ms)
      end

      private

      # The first look is not at the moment in which a server has enough to do.
      def run
        loop do
          @lock.synchronize { @changed.wait(@lock, EVERY_S * (0.9 + (rand * 0.2))) unless @stopping }
          break if @stopping

          # A master that only forks servers opens no database, so that they do not inherit it.
          in_application { look } unless Collector::ServerProcess.role == :master
        rescue StandardError => e
          @complaints.log(e)
        end
      end

      # As a request is: connections go back, and an application in development does not reload its classes meanwhile.
      def in_application(&block)
        application = ::Rails.application
        application ? application.executor.wrap(&block) : yield
      end

      def found(now_ms)
        collectors = CollectorCauses.new(@claims.memory, since_ms: @since_ms, now_ms: now_ms)
        alerts = collectors.call + Causes.call(@config, now_ms)
        @claims.remember(collectors.counts, now_ms)
        alerts
      end

      def tell(alerts, now_ms)
        alerts.product(@config.on_alert).count do |alert, target|
          next if @stopping || @claims.full?(now_ms) || !@claims.claim?(alert[:cause], target, now_ms)

          delivered = target.deliver(alert)
          @claims.try_again(alert[:cause], target, now_ms) unless delivered
          delivered
        end
      end

      # What was told cannot be shared then, so only the process that holds this host's port tells.
      def database_gone(error, now_ms)
        return 0 unless @failures >= PATIENCE && port_held?

        @config.on_alert.count do |target|
          next if @told[target.id] && @told[target.id] > now_ms - (@config.alert_every * 1000)

          delivered = target.deliver(CollectorCauses.database(error, now_ms))
          @told[target.id] = now_ms if delivered
          delivered
        end
      end

      def port_held?
        sockets = Collector.runner&.sockets
        sockets ? sockets.list.none?(&:closed?) : false
      end
    end
  end
end
