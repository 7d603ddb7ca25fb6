# frozen_string_literal: true

require_relative "version"
require_relative "cli/command"

module HeapPeriscopeAgent
  # The command line `heap_periscope`. It loads no native code: what it needs of the agent are the options.
  module CLI
    COMMANDS = {
      "run" => [:Run, "run any Ruby program under the agent"],
      "top" => [:Top, "show what reports arrive, live or from a recording"],
      "record" => [:Record, "write what arrives to a file"]
    }.freeze
    private_constant :COMMANDS

    class << self
      # @param argv [Array<String>]
      # @return [Integer] the exit status: 0, 1 for a failure, 2 for a mistake in the command line
      def start(argv, out: $stdout, err: $stderr)
        name, *rest = argv
        case name
        when nil then err.puts(usage) || 2
        when "help", "--help", "-h" then rest.first ? start([rest.first, "--help"], out: out, err: err) : help(out)
        when "version", "--version", "-v" then out.puts("heap_periscope #{VERSION}") || 0
        else dispatch(name, rest, out, err)
        end
      end

      private

      def dispatch(name, rest, out, err)
        constant, = COMMANDS[name]
        return unknown(name, err) unless constant

        require_relative "cli/#{name}"
        const_get(constant).new(out: out, err: err).call(rest)
      end

      def help(out)
        out.puts(usage)
        0
      end

      def unknown(name, err)
        shown = Text.clean(name)
        known = name.start_with?("-") ? %w[--help --version] : COMMANDS.keys
        err.puts("heap_periscope: there is no #{name.start_with?("-") ? "option" : "command"} #{shown}" \
                 "#{Command.hint(name, known)}", "Try heap_periscope --help.")
        2
      end

      def usage
        <<~TEXT
          Usage: heap_periscope COMMAND [options]

          #{COMMANDS.map { |name, (_, summary)| "  #{name.ljust(8)} #{summary}" }.join("\n")}

          heap_periscope COMMAND --help tells more of a command, heap_periscope --version the version.
        TEXT
      end
    end
  end
end
