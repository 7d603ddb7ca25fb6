# frozen_string_literal: true

require_relative "../command"

module HeapPeriscopeAgent
  module CLI
    class Top < Command
      # How text is set off, and which characters the terminal can show.
      class Style
        CODES = { strong: 1, faint: 2, good: 32, warning: 33, bad: 31, title: 36 }.freeze
        ASCII = { "─" => "-", "·" => "|", "▸" => ">", "…" => "~", "−" => "-", "–" => "-", "▲" => "^", "▼" => "v",
                  "Δ" => "d", "×" => "x", "▇" => "#", "░" => ".", "▁" => "_", "▂" => "_", "▃" => "-", "▄" => "-",
                  "▅" => "=", "▆" => "=", "█" => "#" }.freeze
        private_constant :CODES, :ASCII

        # @param env [#[]] NO_COLOR switches colours off
        # @return [Style]
        def self.for(env, encoding = Encoding.default_external)
          new(color: env["NO_COLOR"].to_s.empty?, ascii: encoding != Encoding::UTF_8)
        end

        def initialize(color: false, ascii: false)
          @color = color
          @ascii = ascii
        end

        # @param look [Symbol, nil] one of CODES
        def paint(text, look)
          @color && look ? "\e[#{CODES.fetch(look)}m#{text}\e[0m" : text
        end

        # @return [String] what may be written to the terminal, as wide as before
        def encode(text)
          return text unless @ascii

          text.encode(Encoding::US_ASCII, fallback: ->(char) { ASCII.fetch(char) { "?" * Text.width(char) } })
        end
      end
    end
  end
end
