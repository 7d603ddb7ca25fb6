# frozen_string_literal: true

module HeapPeriscopeUi
  class Store
    # The file of an SQLite database while it is open. A file that is removed, or that another one is moved over, stays open: SQLite goes
    # on writing to it, and nobody sees it any more.
    class DatabaseFile
      EVERY_S = 1.0

      # @return [String]
      attr_reader :path

      # @param path [String] of a file that is there
      def initialize(path)
        @path = path
        @opened = identity
        @looked = Timestamps.clock
      end

      # @return [Boolean] whether the path leads elsewhere now; looks once in {EVERY_S}
      def replaced?
        now = Timestamps.clock
        return false if now - @looked < EVERY_S

        @looked = now
        identity != @opened
      end

      private

      # @return [Array<Integer>, nil] nil where nothing is
      def identity
        stat = File.stat(@path)
        [stat.dev, stat.ino]
      rescue Errno::ENOENT, Errno::ENOTDIR
        nil
      rescue SystemCallError
        @opened # who may not look knows nothing
      end
    end
  end
end
