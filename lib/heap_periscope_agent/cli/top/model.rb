# frozen_string_literal: true

require_relative "../receiving/assembler"
require_relative "../receiving/datagram"
require_relative "process_state"

module HeapPeriscopeAgent
  module CLI
    class Top < Command
      # Every process that reports, in the order they were first seen.
      class Model
        MAX_PROCESSES = 200
        FORGET_AFTER_S = 300
        private_constant :MAX_PROCESSES, :FORGET_AFTER_S

        # @param on_report [#call, nil] called with each whole report and the state it led to
        def initialize(&on_report)
          @processes = {}
          @assembler = Assembler.new
          @lost_with_the_gone = 0
          @on_report = on_report
        end

        # @param datagram [Datagram]
        # @return [void]
        def receive(datagram)
          process = @processes[datagram.source] ||= welcome(datagram)
          process.losses.record(datagram.sequence)
          @assembler.add(datagram).each { |report| apply(report) }
        end

        # Gives up waiting for parts, and forgets processes that are long gone.
        # @param now [Time]
        # @return [void]
        def tick(now)
          @assembler.expire(now).each { |report| apply(report) }
          remove { |process| process.state(now) != :alive && now - process.last_seen_at > FORGET_AFTER_S }
        end

        # @return [Array<ProcessRow>]
        def rows(now) = @processes.each_value.select(&:last_seen_at).map { |process| process.row(now) }

        # @return [Array<Event>] newest first
        def events(key) = @processes[key]&.events || []

        def empty? = @processes.none? { |_, process| process.last_seen_at }

        # @return [Integer] datagrams that never came, as far as gaps tell
        def lost = @lost_with_the_gone + @assembler.missing_parts + @processes.each_value.sum { |one| one.losses.lost }

        private

        def welcome(datagram)
          process = ProcessState.new(datagram)
          # A process that was forked or replaced reports as a new instance; a crowd makes room by the longest silence.
          remove { |other| other.place == process.place }
          remove_one(@processes.each_value.min_by { |other| other.last_seen_at || Time.at(0) }) if full?
          process
        end

        def full? = @processes.size >= MAX_PROCESSES

        def apply(report)
          process = @processes[report.source] or return

          process.apply(report)
          @on_report&.call(report, process)
        end

        def remove
          gone = @processes.each_value.select { |process| process.last_seen_at && yield(process) }
          gone.each { |process| remove_one(process) }
        end

        def remove_one(process)
          @lost_with_the_gone += process.losses.lost
          @processes.delete(process.key)
        end
      end
    end
  end
end
