# frozen_string_literal: true

module HeapPeriscopeUi
  module Collector
    # The threads of the dashboard, all made here. They may be there when a server forks: what they had is made anew in the
    # child. Puma, which warns of threads in a master that preloads, asks them for that.
    module Threads
      # @param name [String] at most 15 characters of it are seen outside of Ruby
      # @return [Thread]
      def self.start(name, &)
        Thread.new(&).tap do |thread|
          thread.name = name
          thread.thread_variable_set(:fork_safe, true)
        end
      end
    end
  end
end
