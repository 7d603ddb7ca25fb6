# frozen_string_literal: true

require_relative "../command"

module HeapPeriscopeAgent
  module CLI
    class Top < Command
      # What the bytes of a keyboard mean.
      module Keys
        SEQUENCE = /\e\[[0-9;]*[A-Za-z~]|\eO[A-Za-z]|./mn
        MEANINGS = {
          quit: ["q", "Q", "\x03"], sort: ["s"], sort_processes: ["S"], pause: ["p", " "], help: ["?"], redraw: ["\f"],
          close: ["\e"], next: ["\t", "j", "l", "\e[B", "\e[C", "\eOB", "\eOC"],
          previous: ["k", "h", "\e[Z", "\e[A", "\e[D", "\eOA", "\eOD"]
        }.flat_map { |meaning, keys| keys.map { |key| [key.b, meaning] } }.to_h.freeze
        private_constant :SEQUENCE, :MEANINGS

        # @param bytes [String, nil] nil is the end of the input
        # @return [Array<Symbol>]
        def self.parse(bytes)
          bytes ? bytes.b.scan(SEQUENCE).filter_map { |key| MEANINGS[key] } : [:quit]
        end
      end
    end
  end
end
