# frozen_string_literal: true

# Time as the messages have it, for specs that know the dashboard only from outside.
module HeapPeriscopeClock
  module_function

  # @return [Integer] unix ms
  def now
    Process.clock_gettime(Process::CLOCK_REALTIME, :millisecond)
  end
end
