# frozen_string_literal: true

require "json"
require "time"

module HeapPeriscopeAgent
  # Classes whose objects grow in number or size the way a leak does. Found by the reporter, from its censuses, with
  # `enable_allocation_sampling`; docs/wire-format.md tells the section they are sent in.
  module LeakSuspects
    class << self
      # @param json [String] section `leak_suspects`
      # @return [Array<Hash>] see {HeapPeriscopeAgent.leak_suspects}
      def parse(json)
        JSON.parse(json, symbolize_names: true, max_nesting: 20).map do |suspect|
          suspect.merge(confidence: suspect[:confidence].to_sym, since: Time.iso8601(suspect[:since]))
        end
      end

      # Tells the program of new suspects. Called by the reporter's own thread, once for each class and each level of
      # confidence it reaches; what the callback raises is logged once and goes no further.
      # @param json [String] section `leak_suspects` with the new ones only
      # @return [void]
      def announce(json)
        callback = HeapPeriscopeAgent.configuration.on_leak_suspect
        return unless callback

        parse(json).each { |suspect| tell(callback, suspect) }
      end

      private

      def tell(callback, suspect)
        callback.call(suspect)
      rescue *Guard::FAULTS => error
        Log.once([:on_leak_suspect, error.class], "on_leak_suspect raised #{error.message} (#{error.class})",
                 level: :error)
      end
    end
  end
end
