# frozen_string_literal: true

require_relative "command"
require_relative "../abi"
require_relative "../configuration"

module HeapPeriscopeAgent
  module CLI
    # `heap_periscope run`: becomes the program, which Ruby starts with the agent in it. So exit status, signals,
    # terminal and standard streams are the program's own.
    class Run < Command
      AUTOSTART = File.expand_path("../autostart", __dir__)
      NOT_EXECUTABLE = 126
      NOT_FOUND = 127
      # What is otherwise than in the library: who runs a program under the agent wants to see what it does, and only that.
      DEFAULTS = { "HEAP_PERISCOPE_VERBOSE" => "false", "HEAP_PERISCOPE_ENABLE_ALLOCATION_SAMPLING" => "true" }.freeze
      private_constant :AUTOSTART, :NOT_EXECUTABLE, :NOT_FOUND, :DEFAULTS

      private

      def name = "run"
      def banner = "Usage: heap_periscope run [options] -- COMMAND [arguments]"
      def in_order? = true

      def define(parser)
        @settings = {}
        destination(parser)
        measurement(parser)
        parser.on("--verbose", "let the agent write what it does to stderr") { set(:verbose, "true") }
        parser.on("--set OPTION=VALUE", "any other option of the configuration") { |text| set(*assignment(text)) }
      end

      def footer
        "Examples:\n  heap_periscope run -- ruby script.rb\n  " \
          "heap_periscope run --detailed --interval 5 -- bundle exec puma"
      end

      def destination(parser)
        parser.on("--host HOST", "who receives the reports (127.0.0.1)") { |value| set(:host, value) }
        parser.on("--port PORT", "on which UDP port (9000)") { |value| set(:port, value) }
        parser.on("--interval SECONDS", "between two snapshots (10)") { |value| set(:interval, value) }
        parser.on("--service-name NAME", "what the process is called") { |value| set(:service_name, value) }
        parser.on("--secret-from-env VARIABLE", "sign the reports with the secret in that variable") do |variable|
          set(:secret, @env[variable] || raise(UsageError, "the variable #{variable} is not set"))
        end
        parser.on("--key-id ID", "which secret that is") { |value| set(:key_id, value) }
      end

      def measurement(parser)
        parser.on("--detailed [CLASSES]", "count living objects by class; how many classes to tell (20)") do |classes|
          set(:enable_detailed_objects, "true")
          set(:detailed_objects_limit, classes) if classes
        end
        parser.on("--[no-]sampling", "sample allocations: who allocates, who stays (yes)") do |wanted|
          set(:enable_allocation_sampling, wanted.to_s)
        end
      end

      def set(option, value)
        @settings[option] = value
      end

      def assignment(text)
        option, value = text.split("=", 2)
        known = Options::ALL[option.tr("-", "_").to_sym]
        raise Options.unknown(option) unless known
        raise UsageError, "--set takes OPTION=VALUE, not #{Text.clean(text)}" unless value
        raise UsageError, "#{known.name} cannot be given as text" unless known.textual?

        [known.name, value]
      end

      def perform(command)
        raise UsageError, "there is no command to run" if command.empty?

        exec(environment, [command.first] * 2, *command.drop(1))
      rescue Errno::ENOENT, Errno::ENOTDIR
        complain("#{Text.clean(command.first)}: command not found", status: NOT_FOUND)
      rescue SystemCallError => e
        complain("#{Text.clean(command.first)} cannot be executed: #{e.class.new.message}", status: NOT_EXECUTABLE)
      end

      def environment
        settings = @settings.to_h { |option, value| [Options::ALL.fetch(option).variable, checked(option, value)] }
        settings = DEFAULTS.select { |variable, _| @env[variable].to_s.empty? }.merge(settings)
        # What was set before us may be wrong as well, and the program would only log it.
        Configuration.new(@env.to_h.merge(settings), strict: true)
        settings.merge("RUBYOPT" => [@env["RUBYOPT"], "-r#{autostart}"].compact.join(" "),
                       "HEAP_PERISCOPE_RUN_ABI" => ABI,
                       "HEAP_PERISCOPE_RUN_EXTENSIONS" => extensions)
      end

      # Where RubyGems keeps the compiled extension, when it does not copy it beside the Ruby files.
      def extensions
        ::Gem.loaded_specs["heap_periscope_agent"]&.extension_dir if defined?(::Gem)
      end

      def checked(option, value)
        Options::ALL.fetch(option).cast(value, source: "--#{option.to_s.tr("_", "-")}")
        value
      end

      # Ruby splits RUBYOPT at blanks and knows no quoting.
      def autostart
        return AUTOSTART unless AUTOSTART.match?(/\s/)

        raise Failure, "the gem is installed in #{File.dirname(AUTOSTART)}, and RUBYOPT cannot hold a path with blanks"
      end
    end
  end
end
