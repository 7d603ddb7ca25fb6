# frozen_string_literal: true

require "English"
require_relative "../compat/sidekiq_middleware"

module HeapPeriscopeAgent
  module Integrations
    # Measures every job that a Sidekiq server runs, those of Active Job under their own class name, where its processor calls
    # the job. An entry in the middleware chain costs several times as much, most of it in the chain itself, which makes a new
    # object and three calls for every entry and job.
    module Sidekiq
      # Prepended to the processor. Two calls to C and `super` between them, in Ruby, which knows the method after the
      # first time: from C it would be looked up, and the VM entered once more, for every job.
      module Performing
        private

        def execute_job(instance, args)
          begun = Native.begin_job(instance, args)
          result = super
          ended = Native.end_job(begun, nil)
          result
        ensure
          Native.end_job(begun, $ERROR_INFO) unless ended
        end
      end

      # Does so once; does nothing in a process that is no Sidekiq server. Call it while Sidekiq is configured: where the
      # processor is not as in Sidekiq 6.5 to 8 the middleware is added, which capsules copy when they are first used.
      # @return [void]
      def self.install
        ::Sidekiq.configure_server { |config| prepend_to_processor || add_to_chain(config) }
      end

      # @return [Class, nil] nil where a processor does not perform jobs in a method that we know
      def self.prepend_to_processor
        require "sidekiq/processor"
        processor = ::Sidekiq::Processor
        known = processor.method_defined?(:execute_job) || processor.private_method_defined?(:execute_job)
        processor.prepend(Performing) if known && processor.instance_method(:execute_job).arity == 2
      end
      private_class_method :prepend_to_processor

      def self.add_to_chain(config)
        config.server_middleware { |chain| chain.add SidekiqMiddleware unless chain.exists?(SidekiqMiddleware) }
      end
      private_class_method :add_to_chain
    end
  end
end
