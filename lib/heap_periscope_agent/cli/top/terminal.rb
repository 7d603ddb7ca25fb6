# frozen_string_literal: true

require "io/console"
require_relative "../command"
require_relative "keys"

module HeapPeriscopeAgent
  module CLI
    class Top < Command
      # The terminal: its alternate screen, keys as they are pressed, its size, and signals. Whatever ends the view, the
      # terminal is put back as it was.
      class Terminal
        ENTER = "\e[?1049h\e[?25l\e[2J"
        LEAVE = "\e[0m\e[?25h\e[?1049l"
        STOPPING = %w[INT TERM HUP QUIT].freeze
        # Where nothing tells the size
        DEFAULT_SIZE = [24, 80].freeze
        private_constant :ENTER, :LEAVE, :STOPPING, :DEFAULT_SIZE

        # @return [Boolean] whether a screen can be drawn there
        def self.usable?(output, env) = output.tty? && !["", "dumb"].include?(env["TERM"].to_s)

        # @return [String, nil] the signal that asked to stop
        attr_reader :stopped_by

        def initialize(input, output)
          @input = input
          @output = output
          @drawn = []
        end

        # @yield with the screen open
        def open
          @wake_up, @bell = IO.pipe
          handle_signals
          enter
          yield self
        ensure
          leave
          restore_signals
          [@wake_up, @bell].compact.each(&:close)
        end

        # @return [Array(Integer, Integer)] columns and lines
        def size
          lines, columns = @output.winsize
          lines, columns = DEFAULT_SIZE unless lines.positive? && columns.positive?
          [columns, lines]
        rescue SystemCallError
          DEFAULT_SIZE.reverse
        end

        # Draws the lines that differ from those on the screen.
        # @param lines [Array<String>] not more, and not wider, than the screen
        def draw(lines)
          clear = "\e[2J" if size != @drawn_size
          @drawn = [] if clear
          changed = [lines.size, @drawn.size].max.times.filter_map do |index|
            "\e[#{index + 1};1H\e[2K#{lines[index]}" if lines[index] != @drawn[index]
          end
          @output.write("#{clear}#{changed.join}") unless clear.nil? && changed.empty?
          @output.flush
          @drawn = lines
          @drawn_size = size
        end

        # Draws everything the next time.
        def forget = @drawn_size = nil

        # Waits until one of the ios has something, a key is pressed or a signal comes.
        # @return [void]
        def wait(ios, seconds)
          IO.select([*ios, @wake_up, (@input if keys?)].compact, nil, nil, seconds)
          @wake_up.read_nonblock(64, exception: false)
          suspend if @suspend
        end

        # @return [Array<Symbol>] what was pressed
        def pressed
          return [] unless keys?

          bytes = @input.read_nonblock(256, exception: false)
          bytes == :wait_readable ? [] : Keys.parse(bytes)
        end

        private

        def keys? = @input.tty?

        def enter
          @mode = @input.console_mode if keys?
          @input.raw!(intr: true) if keys?
          @output.write(ENTER)
          forget
        end

        def leave
          @input.console_mode = @mode if @mode
          @output.write(LEAVE)
          @output.flush
        rescue SystemCallError, IOError
          nil # the terminal is gone
        end

        # Ctrl-Z
        def suspend
          @suspend = false
          leave
          Process.kill(:STOP, Process.pid)
          enter
        end

        def handle_signals
          handlers = STOPPING.to_h { |name| [name, -> { @stopped_by ||= name }] }
          handlers["WINCH"] = -> { forget }
          handlers["TSTP"] = -> { @suspend = true }
          @previous = handlers.to_h do |name, action|
            [name, trap(name) do
              action.call
              @bell.write_nonblock(".", exception: false) # ends the wait
            end]
          end
        end

        def restore_signals
          @previous&.each { |name, handler| trap(name, handler || "DEFAULT") }
        end
      end
    end
  end
end
