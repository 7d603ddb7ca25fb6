# frozen_string_literal: true

module HeapPeriscopeUi
  class Store
    # Whether an error says that the database is away or busy, so that the same write can succeed later. ActiveRecord wraps what a
    # driver raises, in other classes by version, and some in none of their own: so causes are looked at too.
    module Outage
      WRAPPED = [ActiveRecord::ConnectionNotEstablished, ActiveRecord::StatementTimeout, ActiveRecord::LockWaitTimeout,
                 ActiveRecord::Deadlocked, ActiveRecord::SerializationFailure].freeze
      DRIVERS = %w[SQLite3::BusyException SQLite3::LockedException SQLite3::CantOpenException PG::ConnectionBad PG::UnableToSend
                   PG::AdminShutdown PG::CrashShutdown PG::CannotConnectNow PG::LockNotAvailable PG::QueryCanceled
                   PG::TooManyConnections].freeze
      DAMAGED = %w[SQLite3::CorruptException SQLite3::NotADatabaseException].freeze
      CAUSES = 5

      module_function

      # @param error [Exception]
      def of?(error)
        causes(error).any? { |cause| WRAPPED.any? { |kind| cause.is_a?(kind) } || DRIVERS.include?(cause.class.name) }
      end

      # @param error [Exception]
      # @return [Boolean] whether the file itself is damaged, which passes by no waiting
      def damaged?(error)
        causes(error).any? { |cause| DAMAGED.include?(cause.class.name) }
      end

      # @return [Array<Exception>] the error, what caused it, what caused that …
      def causes(error)
        list = [error]
        list << list.last.cause while list.last && list.size <= CAUSES
        list.compact
      end
    end
  end
end
