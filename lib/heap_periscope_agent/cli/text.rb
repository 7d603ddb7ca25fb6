# frozen_string_literal: true

module HeapPeriscopeAgent
  module CLI
    # Text from outside, made fit for a terminal: what arrives by datagram may hold escape sequences.
    module Text
      # Control and format characters (also the ones that turn the writing direction), private and unassigned ones,
      # line separators, and marks, which would stand on the character before.
      UNSAFE = /[\p{C}\p{Zl}\p{Zp}\p{M}]/
      # What takes two columns: East Asian wide characters and symbols shown as pictures.
      WIDE = Regexp.union(/[\u1100-\u115F\u2E80-\u303E\u3041-\u4DBF\u4E00-\uA4CF\uA960-\uA97F\uAC00-\uD7A3]/,
                          /[\uF900-\uFAFF\uFE30-\uFE6F\uFF01-\uFF60\uFFE0-\uFFE6]/,
                          /[\u{1F000}-\u{1FAFF}\u{20000}-\u{3FFFD}]|\p{Emoji_Presentation}/)
      MAX_CHARACTERS = 256
      private_constant :UNSAFE, :WIDE, :MAX_CHARACTERS

      class << self
        # @return [String] UTF-8 without anything a terminal would obey
        def clean(text, limit: MAX_CHARACTERS)
          text = text.dup.force_encoding(Encoding::UTF_8) unless text.encoding == Encoding::UTF_8
          text = text.byteslice(0, limit * 4).scrub("?")
          (text.ascii_only? ? text : text.gsub(/[\u00A0\u2000-\u200A\u202F\u3000]/, " ")).gsub(UNSAFE, "?")[0, limit]
        end

        # @return [Integer] columns that cleaned text takes
        def width(text)
          text.ascii_only? ? text.length : text.length + text.scan(WIDE).length
        end

        # @return [String] text cut or filled to exactly so many columns
        # @param align [:left, :right]
        # @param keep [:start, :end] which end stays when it is cut
        def fit(text, columns, align: :left, keep: :start)
          return "" if columns <= 0

          text = cut(text, columns, keep) if width(text) > columns
          blank = " " * (columns - width(text))
          align == :right ? blank + text : text + blank
        end

        private

        def cut(text, columns, keep)
          kept = +""
          room = columns - 1
          characters = keep == :end ? text.each_char.reverse_each : text.each_char
          characters.each do |character|
            room -= width(character)
            break if room.negative?

            kept << character
          end
          keep == :end ? "…#{kept.reverse}" : "#{kept}…"
        end
      end
    end
  end
end
