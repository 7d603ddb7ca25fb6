# frozen_string_literal: true

require_relative "../command"
require_relative "terminal"
require_relative "view"

module HeapPeriscopeAgent
  module CLI
    class Top < Command
      # The view on a terminal: takes in reports, draws, obeys keys.
      class Session
        # So that a flood of reports does not make a flood of drawing
        LEAST_GAP_S = 0.2
        PROCESS_ORDERS = {
          appearance: nil, rss: :rss_bytes, allocation: :allocation_rate, gc: :gc_share
        }.freeze
        private_constant :LEAST_GAP_S, :PROCESS_ORDERS

        # @param source [LiveSource, RecordingSource, DashboardSource]
        # @param style [Style]
        def initialize(source, terminal, style)
          @source = source
          @terminal = terminal
          @view = View.new(style)
          @order = ClassTable.orders.first
          @process_order = PROCESS_ORDERS.keys.first
          @drawn_at = nil
        end

        # @return [void]
        def run
          @terminal.open do
            until @done || @terminal.stopped_by
              now = Time.now
              @source.pump(now)
              @terminal.pressed.each { |key| press(key, now) }
              draw(now) if due?(now)
              @terminal.wait(@source.ios, [@source.wait_s(now), remaining(now)].min) unless @done
            end
          end
        end

        private

        def due?(now) = @drawn_at.nil? || now < @drawn_at || now - @drawn_at >= LEAST_GAP_S

        # Until the next drawing: at least once a second, because ages grow.
        def remaining(now) = @drawn_at ? (@drawn_at + 1 - now).clamp(LEAST_GAP_S, 1) : 0

        def press(key, now)
          case key
          when :quit then @done = true
          when :pause then @held = @held ? nil : hold(now)
          when :help then @help = !@help
          when :close then @help = false
          when :redraw then @terminal.forget
          else choose(key, now)
          end
          @drawn_at = nil
        end

        def choose(key, now)
          case key
          when :sort then @order = after(ClassTable.orders, @order)
          when :sort_processes then @process_order = after(PROCESS_ORDERS.keys, @process_order)
          when :next then move(1, now)
          when :previous then move(-1, now)
          end
        end

        def after(list, current) = list[(list.index(current) + 1) % list.size]

        def hold(now)
          time = @source.time(now)
          { time: time, rows: @source.model.rows(time) }
        end

        def move(by, now)
          keys = rows(now).map(&:key)
          return if keys.empty?

          @selected = keys[((keys.index(@selected) || 0) + by) % keys.size]
          @source.select(@selected)
        end

        def rows(now)
          rows = @held ? @held[:rows] : @source.model.rows(@source.time(now))
          figure = PROCESS_ORDERS.fetch(@process_order)
          return rows unless figure

          rows.each_with_index.sort_by { |row, index| [-(row[figure] || -Float::INFINITY), index] }.map(&:first)
        end

        def draw(now)
          columns, lines = @terminal.size
          @terminal.draw(@view.render(frame(now), width: columns, height: lines))
          @drawn_at = now
        end

        def frame(now)
          rows = rows(now)
          @selected = rows.first&.key unless rows.any? { |row| row.key == @selected }
          time = @held ? @held[:time] : @source.time(now)
          Frame.new(source: @source.words, place: @source.place, now: time, rows: rows, selected: @selected,
                    events: @source.model.events(@selected).select { |event| event.at <= time }, order: @order,
                    lost: @source.model.lost, refused: @source.refused, process_order: @process_order,
                    paused: !@held.nil?, help: @help, notice: @source.notice)
        end
      end
    end
  end
end
