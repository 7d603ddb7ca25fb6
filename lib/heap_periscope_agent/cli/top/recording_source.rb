# frozen_string_literal: true

require "json"
require "time"
require_relative "../command"
require_relative "../receiving/datagram"
require_relative "model"

module HeapPeriscopeAgent
  module CLI
    class Top < Command
      # Reports from a file that `heap_periscope record` wrote, at the pace they came in.
      class RecordingSource
        MAX_LINE_BYTES = 1024 * 1024
        MAX_AT_ONCE = 500
        private_constant :MAX_LINE_BYTES, :MAX_AT_ONCE

        attr_reader :model, :refused

        # @param speed [Float] 2 plays twice as fast; infinite does not wait
        # @raise [Failure] when the file cannot be read
        def initialize(path, model, speed: 1.0)
          @path = path
          @file = File.open(path, "rb")
          @model = model
          @speed = speed
          @refused = 0
          advance
          @from = @at = @next&.received_at || Time.now
        rescue SystemCallError => e
          raise Failure, "#{Text.clean(path)} cannot be read: #{e.class.new.message}"
        end

        def words = "playing #{place}#{" ×#{@speed.to_s.delete_suffix(".0")}" unless @speed == 1}"
        def place = Text.clean(File.basename(@path))
        def ios = []
        def finished? = @next.nil?
        def close = @file.close
        def select(_key) = nil

        def notice
          return "#{place} holds no recorded reports." if finished? && model.empty?

          "End of the recording." if finished?
        end

        # @return [Time] what time it was when what is shown came in
        def time(now)
          return @at if finished? || @speed.infinite?

          @started ||= now
          @from + ((now - @started) * @speed)
        end

        def wait_s(now) = finished? ? 1 : ((@next.received_at - time(now)) / @speed).clamp(0, 1)

        def pump(now)
          MAX_AT_ONCE.times do
            break if finished? || (@speed.finite? && @next.received_at > time(now))

            @at = @next.received_at
            @model.receive(@next)
            advance
          end
          @model.tick(time(now))
        end

        private

        def advance
          @next = nil
          while @next.nil? && (line = @file.gets("\n", MAX_LINE_BYTES))
            @next = read(line)
          end
        end

        def read(line)
          entry = JSON.parse(line, max_nesting: 20)
          raise RefusedDatagram, "not an object" unless entry.is_a?(Hash)

          Datagram.new(entry["datagram"], received_at: Time.iso8601(entry["received_at"]).localtime,
                                          from: Fields.text(entry, "from") || "?", bytesize: line.bytesize)
        rescue JSON::ParserError, RefusedDatagram, ArgumentError, TypeError, EncodingError
          @refused += 1
          nil
        end
      end
    end
  end
end
