# frozen_string_literal: true

require_relative "../command"
require_relative "class_table"
require_relative "process_table"
require_relative "style"

module HeapPeriscopeAgent
  module CLI
    class Top < Command
      # Turns a frame into lines that fit the terminal. Knows no terminal.
      class View
        KEYS = ["q quit", "s sort", "p pause", "tab next", "? help"].freeze
        HELP = [
          ["q, Ctrl-C", "quit"],
          ["tab, down, right, j", "next process"],
          ["shift-tab, up, left, k", "process before"],
          ["s", "sort classes by count, bytes, growth"],
          ["S", "sort processes by appearance, RSS, allocation rate, GC"],
          ["p, space", "pause the view; reports are still taken in"],
          ["Ctrl-L", "draw anew"],
          ["?", "this help, on and off"]
        ].freeze
        # Lines besides the tables: title, three rules, two heads
        FIXED_LINES = 6
        MAX_EVENT_LINES = 4
        private_constant :KEYS, :HELP, :FIXED_LINES, :MAX_EVENT_LINES

        # @param style [Style]
        def initialize(style)
          @style = style
        end

        # @param frame [Frame]
        # @return [Array<String>] at most height lines of at most width columns
        def render(frame, width:, height:)
          @frame = frame
          @width = width
          lines = [title, rule, *(frame.help ? help : body(height))]
          lines.first(height).map { |line| @style.encode(line) }
        end

        private

        def body(height)
          return [text(" Waiting for reports: nothing has arrived yet."), *foot(1)] if @frame.rows.empty?

          room = [height - FIXED_LINES, 0].max
          shown = shown_rows((room / 2).clamp(3..).clamp(..[room - 2, 1].max))
          events = (room - shown.size - wanted_class_lines).clamp(1, MAX_EVENT_LINES)
          [*processes(shown), rule, *classes([room - shown.size - events, 0].max), rule, *foot(events)]
        end

        # As many processes as there is room for, the selected one among them.
        def shown_rows(limit)
          rows = @frame.rows
          at = rows.index { |row| row.key == @frame.selected } || 0
          rows.drop([at - limit + 1, 0].max).first([limit, 1].max)
        end

        def processes(rows)
          hosts = @frame.rows.map(&:host).uniq.size > 1
          table = ProcessTable.new(@width, @style, selected: @frame.selected, hosts: hosts,
                                                   order: @frame.process_order)
          [table.head, *rows.map { |row| table.line(row) }]
        end

        def selected = @frame.rows.find { |row| row.key == @frame.selected } || @frame.rows.first

        def wanted_class_lines = [selected.classes.size, 1].max

        def classes(limit)
          table = ClassTable.new(selected, @width, @style, order: @frame.order)
          unless selected.classes_by
            return [table.head,
                    *[text(" No snapshot of this process has come yet.", :faint)].first(limit)]
          end

          hint = table.hint
          lines = table.lines(hint ? [limit - 1, 0].max : limit)
          [table.head, *lines, *[hint && text(" #{hint}", :faint)].compact].first(limit + 1)
        end

        # What happened lately, newest first, as many as fit in a line.
        def foot(limit)
          return [text(" #{@frame.notice}", :warning)] if @frame.notice

          lines = [+""]
          @frame.events.each do |event|
            entry = " #{event.at.strftime("%H:%M:%S")} #{event.text}  "
            lines << +"" if Text.width(lines.last) + Text.width(entry) > @width && !lines.last.empty?
            break if lines.size > limit

            lines.last << entry
          end
          lines.first(limit).map { |line| text(line.rstrip, :faint) }
        end

        def title
          left = [@style.paint("heap_periscope top", :strong)]
          count = @frame.rows.size
          clock = @frame.now.strftime("%H:%M:%S")
          facts = ["#{count} #{count == 1 ? "process" : "processes"}", @frame.paused ? "PAUSED #{clock}" : clock]
          right = losses
          KEYS.size.downto(0).to_a.product([@frame.source, @frame.place, nil]) do |keys, source|
            next if source.nil? && keys > 1

            line = compose([*left, *source, *facts], [*right, *keys_shown(keys)])
            return line if line
          end
          text("#{facts.last} · #{right.join(" · ")}")
        end

        # @return [String, nil] the words with what is blank between them, when there is room
        def compose(left, right)
          left = left.join(" · ")
          right = right.join(" · ")
          blank = @width - visible_width(left) - Text.width(right)
          left + (" " * blank) + right if blank >= 1
        end

        def keys_shown(number) = [(KEYS.last(number).join("  ") if number.positive?)].compact

        def visible_width(text) = Text.width(text.gsub(/\e\[\d+m/, ""))

        def losses
          [@frame.lost && "lost #{@frame.lost}",
           (@frame.refused.to_i.positive? && "refused #{@frame.refused}") || nil].compact
        end

        def help
          widest = HELP.map { |keys, _| keys.length }.max
          ["", *HELP.map { |keys, meaning| text(" #{keys.ljust(widest)}   #{meaning}") }]
        end

        def rule = @style.paint("─" * @width, :faint)

        def text(text, look = nil) = @style.paint(Text.fit(text, @width).rstrip, look)
      end
    end
  end
end
