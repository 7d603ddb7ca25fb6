# frozen_string_literal: true

require_relative "../command"
require_relative "../receiving/receiver"
require_relative "model"

module HeapPeriscopeAgent
  module CLI
    class Top < Command
      # Reports as they come in by UDP. A source is pumped for what has arrived and then asked for its model and time.
      class LiveSource
        attr_reader :model

        # @param receiver [Receiver]
        def initialize(receiver, model)
          @receiver = receiver
          @model = model
        end

        def words = "listening on #{place}"
        def place = @receiver.description
        def refused = @receiver.refused
        def ios = @receiver.ios
        def finished? = false
        def close = @receiver.close

        # @return [String, nil] a sentence for the user
        def notice
          return unless refused.positive? && model.empty?

          "#{refused} datagrams were refused, the last one because it was #{@receiver.last_refusal}."
        end

        # @return [Time] what time it is in the reports
        def time(now) = now

        # @return [Numeric] seconds until there may be something to do besides what ios tell
        def wait_s(_now) = 1

        # @param now [Time]
        # @return [void]
        def pump(now)
          @receiver.each_waiting { |datagram| @model.receive(datagram) }
          @model.tick(now)
        end

        # @param _key [String] the process that is looked at
        def select(_key) = nil
      end
    end
  end
end
