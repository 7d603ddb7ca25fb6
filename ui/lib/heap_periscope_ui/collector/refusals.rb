# frozen_string_literal: true

module HeapPeriscopeUi
  module Collector
    # Why a datagram was not taken.
    module Refusals
      MEANINGS = {
        "not JSON" => "the datagram is no JSON object, or it was cut",
        "too long" => "larger than a UDP datagram can be",
        "too deep" => "nested more than 12 levels",
        "too many keys" => "over 20 000 values in one datagram, or a longer list than agents send",
        "string too long" => "a name over 1 024 bytes, or another text over 8 192",
        "bad text" => "not valid UTF-8, or a control character in a name of one line",
        "number out of range" => "a negative count, one beyond 2⁵³, or a share above 1",
        "wrong type" => "a required value is missing, or not of the kind it must be",
        "unknown type" => "a type of message this version does not know",
        "unknown schema" => "a schema newer than this version knows",
        "no signature" => "only where a secret is set",
        "bad signature" => "only where a secret is set",
        "outside the time window" => "only where a secret is set: sent too long ago, or ahead of time",
        "seen before" => "instance, sequence and part repeat"
      }.freeze
    end

    # Raised inside the collector when a datagram is not taken; `message` is one of {Refusals::MEANINGS}.
    class Refused < Error
      # @return [String, nil] where in the payload, such as "allocation_sites[3].ages"
      attr_reader :place

      # Called on the way up.
      # @param outer [String, Integer] the section, or the index in a list, that the place is inside of
      # @return [self]
      def inside(outer)
        outer = "[#{outer}]" if outer.is_a?(Integer)
        @place = [outer, @place].compact.join(@place&.start_with?("[") ? "" : ".")
        self
      end
    end
  end
end
