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
      CAUSES = 5

      module_function

      # @param error [Exception]
      def of?(error)
        CAUSES.times do
          return false unless error
          return true if WRAPPED.any? { |kind| error.is_a?(kind) } || DRIVERS.include?(error.class.name)

          error = error.cause
        end
        false
      end
    end
  end
end
