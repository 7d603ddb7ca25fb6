# frozen_string_literal: true

require "etc"
require "socket"

module HeapPeriscopeUi
  class Store
    # Processes of this host that have fallen silent and are no more: they are gone, whatever became of their goodbye. Other hosts, and what only
    # has this one's name, are not judged: there a silent process may live.
    class Vanished
      EVERY_MS = 5_000
      REASON = "no longer running"
      # A start is known to a hundredth of a second, a report may be a little late.
      TOLERANCE_S = 2

      def initialize(host: Socket.gethostname)
        @host = host
        @looked_at = 0
      end

      # @return [Integer] how many were marked
      def look(now_ms)
        return 0 if now_ms - @looked_at < EVERY_MS

        @looked_at = now_ms
        gone = silent(now_ms).reject { |pid, process| self.class.runs?(pid, process.last_seen_at) }.map(&:last)
        gone.each_slice(200) do |slice|
          ObservedProcess.where(id: slice.map(&:id)).update_all(goodbye_at: now_ms, goodbye_reason: REASON)
          LeakSuspect.where(process_id: slice.map(&:id), ended_at: nil).update_all(ended_at: now_ms)
        end
        gone.size
      end

      # @param seen_at [Integer] unix ms when it last reported
      # @return [Boolean] whether a process with this id runs that ran then
      def self.runs?(pid, seen_at)
        ::Process.kill(0, pid)
        started = started_at(pid)
        started.nil? || started <= (seen_at / 1000.0) + TOLERANCE_S
      rescue Errno::ESRCH, RangeError
        false
      rescue SystemCallError
        true
      end

      # @return [Float, nil] unix seconds; nil where the system does not tell
      def self.started_at(pid)
        ticks = File.read("/proc/#{pid}/stat").rpartition(")").last.split[19].to_i
        File.read("/proc/stat")[/^btime (\d+)/, 1].to_i + (ticks / Etc.sysconf(Etc::SC_CLK_TCK).to_f)
      rescue SystemCallError, NameError
        nil
      end

      private

      # @return [Array<Array(Integer, ObservedProcess)>] those that missed reports in the last hour
      def silent(now_ms)
        rows = ObservedProcess.kept.where(host: @host, goodbye_at: nil, last_seen_at: (now_ms - ObservedProcess::GONE_AFTER_MS)..(now_ms - 3_000))
                              .select(:id, :process_id, :last_seen_at, :interval, :goodbye_at)
        rows.select { |process| process.state(now_ms) == "silent" }.map { |process| [process.process_id, process] }
      end
    end
  end
end
