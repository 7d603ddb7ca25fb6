# frozen_string_literal: true

module HeapPeriscopeAgent
  # Keeps what goes wrong inside the agent out of the program. An exception that another thread sends meanwhile
  # (Thread#raise, Timeout) is not ours to keep: those that would be rescued here wait until we are through, the others
  # pass at any time.
  module Guard
    # What code may raise by mistake. Exits, signals and kills are never rescued.
    FAULTS = [StandardError, ScriptError, NoMemoryError, SystemStackError].freeze
    # Compared by identity, so that Ruby 3.3 and newer take it as it is.
    WAITING = FAULTS.to_h { |fault| [fault, :never] }.compare_by_identity.freeze
    private_constant :WAITING

    # @param rescuer [#call] is given what the block raised, and answers in its stead
    # @return [Object] what the block returns
    def self.call(rescuer = nil)
      Thread.handle_interrupt(WAITING) do
        yield
      rescue *FAULTS => e
        rescuer&.call(e)
      end
    end
  end
end
