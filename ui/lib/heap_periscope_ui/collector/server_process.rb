# frozen_string_literal: true

module HeapPeriscopeUi
  module Collector
    # Is this process one that serves requests? Consoles, tasks, tests, generators and runners must not take the port.
    module ServerProcess
      SERVERS = /\A(puma|unicorn(_rails)?|pitchfork|thin|falcon|rackup|iodine|passenger.*|rails_server)\b/i
      WORKER = /\b(puma: cluster worker|unicorn(_rails)? worker|pitchfork.*worker)/
      FORKING = /\A(unicorn|pitchfork)/

      module_function

      # @return [Boolean] whether this process was started to serve, as far as its name and what is loaded tell
      def here?
        return false if defined?(::Rails::Console) || ::Rails.env.test?

        !defined?(::Rails::Server).nil? || program.match?(SERVERS) || worker?
      end

      # @return [Boolean] whether this process is one of several that a master has forked to serve
      def worker?
        $PROGRAM_NAME.match?(WORKER)
      end

      # @return [Symbol] :server serves requests itself; :master only forks those that do
      def role
        return :server if worker?

        puma_cluster? || program.match?(FORKING) ? :master : :server
      end

      # @return [Boolean] whether what this process forks are servers
      def forks_servers?
        role == :master || puma_option(:fork_worker) ? true : false
      end

      def program
        File.basename($PROGRAM_NAME.to_s.split(/\s/).first.to_s)
      end

      # Puma's own command keeps its configuration at hand; started by `rails server` it does not, but then its cluster object
      # exists.
      def puma_cluster?
        return puma_option(:workers).to_i.positive? if puma_options

        defined?(::Puma::Cluster) ? ObjectSpace.each_object(::Puma::Cluster).any? : false
      end

      def puma_option(name)
        puma_options && puma_options[name]
      end

      def puma_options
        return unless defined?(::Puma) && ::Puma.respond_to?(:cli_config)

        ::Puma.cli_config&.options
      end
    end
  end
end
