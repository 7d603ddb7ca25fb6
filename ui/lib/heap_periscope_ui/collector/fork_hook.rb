# frozen_string_literal: true

module HeapPeriscopeUi
  module Collector
    # A collector does not survive a fork: its threads are gone in the child, its sockets must not stay open there, and its database
    # connection must not be used. Process.daemon forks without passing through _fork.
    module ForkHook
      def _fork
        servers = Collector.before_fork
        pid = super
        Collector.after_fork(servers) if pid.zero?
        pid
      end

      def daemon(...)
        servers = Collector.running?
        result = super
        Collector.after_fork(servers)
        result
      end

      def self.install
        ::Process.singleton_class.prepend(self) unless ::Process.singleton_class.include?(self)
      end
    end
  end
end
