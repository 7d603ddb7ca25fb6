# frozen_string_literal: true

module HeapPeriscopeUi
  class Store
    # Processes by instance. Agents of 0.3.0 send none: service and process id stand for it there.
    class Registry
      LIMIT = 10_000
      # A process is young for so long: while a server boots, its collector may change, and what was sent between two is no loss on the way.
      YOUNG_MS = 15_000

      HOST_BYTES = 64

      def initialize
        @states = {}
      end

      # @return [ProcessState]
      def fetch(message, at)
        key = instance(message)
        @states[key] || begin
          @states.clear if @states.size >= LIMIT
          @states[key] = load(key, message, at)
        end
      end

      # @param ids [Array<Integer>] of processes that were deleted
      def forget_all(ids)
        return if ids.empty?

        deleted = ids.to_set
        @states.delete_if { |_, state| deleted.include?(state.id) }
      end

      private

      def instance(message)
        return message["instance"] if message["instance"]

        # As much as the column holds.
        host = message["host"].to_s
        host = Digest::MD5.hexdigest(host) if host.bytesize > HOST_BYTES
        "0.3.0:#{host}:#{message["process_id"]}:#{Digest::MD5.hexdigest(message["service_name"])}"
      end

      def load(key, message, at)
        find(key, at) || begin
          ObservedProcess.insert_all([attributes(key, message, at)], unique_by: :instance)
          find(key, at)
        end
      end

      # The first number heard is where counting begins.
      def find(key, at)
        id, sequence, interval, first_seen_at = ObservedProcess.where(instance: key).pick(:id, :last_sequence, :interval, :first_seen_at)
        id && ProcessState.new(id, last_sequence: (sequence unless (at - first_seen_at).abs < YOUNG_MS), interval: interval,
                                   first_seen_at: first_seen_at)
      end

      def attributes(key, message, at)
        {
          kind: 0, instance: key, service_name: message["service_name"], host: message["host"] || "", process_id: message["process_id"],
          ruby: message["ruby"], agent: message["agent"], interval: message["interval"] || 10.0,
          first_seen_at: at, last_seen_at: at
        }
      end
    end
  end
end
