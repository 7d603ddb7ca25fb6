# frozen_string_literal: true

module HeapPeriscopeUi
  class Store
    # Processes by instance. Agents of 0.3.0 send none: service and process id stand for it there.
    class Registry
      LIMIT = 10_000

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
        message["instance"] || "0.3.0:#{message["host"]}:#{message["process_id"]}:#{Digest::MD5.hexdigest(message["service_name"])}"
      end

      def load(key, message, at)
        find(key) || begin
          ObservedProcess.insert_all([attributes(key, message, at)], unique_by: :instance)
          find(key)
        end
      end

      def find(key)
        id, sequence, interval = ObservedProcess.where(instance: key).pick(:id, :last_sequence, :interval)
        id && ProcessState.new(id, last_sequence: sequence, interval: interval)
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
