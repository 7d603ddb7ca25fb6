# frozen_string_literal: true

module HeapPeriscopeAgent
  module Exporters
    # One line of a stack, taken apart: "app/models/cart.rb:41 in Cart#add", "Array#map (C)", "activerecord (12 frames)".
    StackLine = Struct.new(:function, :path, :line) do
      # @param text [String]
      # @return [StackLine] `path` is "" and `line` 0 where the line names no file
      def self.parse(text)
        text = text.dup.force_encoding(Encoding::UTF_8).scrub
        match = /\A(?<path>.+?):(?<line>-?\d+) in (?<method>.*)\z/m.match(text)
        return new(text, "", 0) unless match

        new(match[:method].empty? ? match[:path] : match[:method], match[:path], [Integer(match[:line], 10), 0].max)
      end
    end
  end
end
