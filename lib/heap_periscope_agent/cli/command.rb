# frozen_string_literal: true

require "optparse"
require_relative "../errors"
require_relative "../version"
require_relative "text"

module HeapPeriscopeAgent
  module CLI
    # The user asked for something that cannot be: exit status 2 and a pointer to --help.
    class UsageError < Error
    end

    # What was asked for did not work out: exit status 1.
    class Failure < Error
    end

    # A command has options, reads its arguments and returns an exit status.
    class Command
      # @return [String] ": did you mean …?" or nothing
      def self.hint(wrong, known)
        near = known.find { |name| name.start_with?(wrong) || name.chars.sort == wrong.chars.sort }
        near ||= ::DidYouMean::SpellChecker.new(dictionary: known).correct(wrong).first if defined?(::DidYouMean)
        near ? ": did you mean #{near}?" : ""
      end

      def initialize(out: $stdout, err: $stderr, env: ENV)
        @out = out
        @err = err
        @env = env
      end

      # @return [Integer] the exit status
      def call(argv)
        catch(:done) { perform(parse(argv.dup)) }
      rescue OptionParser::ParseError => e
        complain(parse_error(e), status: 2)
      rescue UsageError, ConfigurationError => e
        complain(e.message, status: 2)
      rescue Failure => e
        complain(e.message, status: 1)
      rescue Errno::EPIPE
        0 # whoever read our output has seen enough
      rescue Interrupt
        130
      end

      private

      # Subclasses answer name, banner, define(parser) and perform(arguments), which returns the exit status.
      def parse(argv)
        in_order? ? parser.order!(argv) : parser.parse!(argv)
        argv
      end

      # @return [String, nil] what --help says below the options
      def footer = nil

      # @return [Boolean] whether options end at the first argument that is none
      def in_order? = false

      def parser
        @parser ||= OptionParser.new do |parser|
          parser.banner = banner
          parser.separator("")
          define(parser)
          parser.on("-h", "--help", "show this") { finish(parser.help) }
          parser.on("--version", "show the version") { finish("heap_periscope #{VERSION}") }
          parser.separator("\n#{footer}") if footer
        end
      end

      def finish(text)
        @out.puts(text)
        throw :done, 0
      end

      def complain(message, status:)
        @err.puts("heap_periscope #{name}: #{message}")
        @err.puts("Try heap_periscope #{name} --help.") if status == 2
        status
      end

      def parse_error(error)
        return Text.clean(error.message) unless error.is_a?(OptionParser::InvalidOption)

        wrong = error.args.first.to_s[/\A[^=]*/]
        "there is no option #{Text.clean(wrong)}#{self.class.hint(wrong, long_options)}"
      end

      def long_options
        parser.top.list.grep(OptionParser::Switch).flat_map(&:long) + parser.base.list.flat_map(&:long)
      end
    end
  end
end
