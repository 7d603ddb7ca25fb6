# frozen_string_literal: true

require_relative "../command"
require_relative "dashboard_client"
require_relative "remote_model"

module HeapPeriscopeAgent
  module CLI
    class Top < Command
      # Processes as a dashboard knows them, asked for again and again by a thread, so that a slow dashboard does not
      # keep the keys waiting.
      class DashboardSource
        EVERY_S = 2
        SLOWEST_S = 30
        private_constant :EVERY_S, :SLOWEST_S

        attr_reader :model, :notice

        # @param url [String] where the dashboard is mounted
        # @raise [UsageError] when that is no address
        def initialize(url)
          @client = DashboardClient.new(url)
          @model = RemoteModel.new
          @answers = Queue.new
          @questions = Queue.new
          @readable, @bell = IO.pipe
          @thread = Thread.new { ask_for_ever }
        end

        def words = "asking #{place}"
        def place = @client.place
        def refused = nil
        def ios = [@readable]
        def finished? = false
        def time(now) = now
        def wait_s(_now) = 1

        # @param key [String] the process whose classes are asked for
        def select(key)
          @selected = key
          @questions << :now
        end

        def pump(now)
          @readable.read_nonblock(64, exception: false)
          until @answers.empty?
            answer = @answers.pop
            @notice = answer[:error]
            @model.update(answer, now) unless @notice
          end
        end

        def close
          @thread.kill
          @thread.join(1)
          [@readable, @bell].each(&:close)
        end

        private

        def ask_for_ever
          wait = EVERY_S
          loop do
            answer = ask
            wait = answer[:error] ? [wait * 2, SLOWEST_S].min : EVERY_S
            @answers << answer
            @bell.write_nonblock(".", exception: false)
            @questions.clear
            pause(wait)
          end
        end

        # Until it is time again, or another process was selected.
        def pause(seconds)
          deadline = Process.clock_gettime(Process::CLOCK_MONOTONIC) + seconds
          sleep 0.05 while @questions.empty? && Process.clock_gettime(Process::CLOCK_MONOTONIC) < deadline
        end

        def ask
          processes = @client.processes
          selected = processes.map { |process| process["id"].to_s }
                              .then { |ids| ids.include?(@selected) ? @selected : ids.first }
          { processes: processes, selected: selected, classes: selected ? @client.classes(selected) : [] }
        rescue Failure => e
          { error: e.message }
        end
      end
    end
  end
end
