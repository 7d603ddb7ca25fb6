# frozen_string_literal: true

module HeapPeriscopeAgent
  # Lets a forked child begin a life of its own: new instance id, socket and counters, and a reporter if the parent
  # had one.
  # `_fork` is what `fork`, `Process.fork` and `IO.popen("-")` go through (Ruby 3.1); `Process.daemon` goes past it.
  module ForkHook
    def _fork
      pid = super
      Native.after_fork if pid.zero?
      pid
    end

    def daemon(...)
      result = super
      Native.after_fork
      result
    end

    ::Process.singleton_class.prepend(self)
  end
end
