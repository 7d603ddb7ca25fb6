# frozen_string_literal: true

require_relative "../command"
require_relative "../receiving/fields"
require_relative "rows"
require_relative "format"

module HeapPeriscopeAgent
  module CLI
    class Top < Command
      # Says in a few words what a report tells.
      module Happenings
        MAX_SUSPECTS = 5
        private_constant :MAX_SUSPECTS

        class << self
          # @param datagram [Datagram]
          # @return [Array<Event>] newest first
          def in(datagram)
            texts = case datagram.type
                    when "snapshot" then [snapshot(datagram), *suspects(datagram.payload)]
                    when "gc_profiler_report" then [collection(datagram.payload)]
                    else ["goodbye (#{Fields.text(datagram.payload, "reason", limit: 16) || "?"})"]
                    end
            texts.map { |text| Event.new(datagram.received_at, text) }
          end

          private

          def snapshot(datagram)
            facts = [census(Fields.hash(Fields.hash(datagram.payload, "agent_cost"), "census"))].compact
            facts.unshift(datagram.parts == 1 ? "1 part" : "#{datagram.parts} parts") if datagram.sequence
            number = datagram.sequence && " ##{datagram.sequence}"
            "snapshot#{number}#{" (#{facts.join(", ")})" if facts.any?}"
          end

          def census(census)
            wall = Fields.number(census, "gvl_ms")
            slices = Fields.count(census, "slices")
            longest = Fields.number(census, "longest_slice_ms")
            return unless wall && slices && longest

            "census #{Format.ms(wall)} in #{slices} #{slices == 1 ? "slice" : "slices"}, longest #{Format.ms(longest)}"
          end

          def collection(payload)
            info = Fields.hash(payload, "latest_gc_info")
            major = Fields.text(info, "major_by", limit: 16)
            reason = major || Fields.text(info, "gc_by", limit: 16)
            times = Fields.count(payload, "gc_invocation_count")
            "gc#{" ×#{times}" if times && times > 1} #{major ? "major" : "minor"} " \
              "#{Format.ms(Fields.number(payload, "gc_duration_since_last_check_ms"))}#{" (#{reason})" if reason}"
          end

          def suspects(payload)
            Fields.array(payload, "leak_suspects").grep(Hash).first(MAX_SUSPECTS).filter_map do |suspect|
              name = Fields.text(suspect, "class_name") or next
              "leak suspect #{name} (#{Fields.text(suspect, "confidence", limit: 8)}): " \
                "#{Format.delta(Fields.number(suspect, "objects_per_hour")&.round)} an hour"
            end
          end
        end
      end
    end
  end
end
