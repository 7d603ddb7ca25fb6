# frozen_string_literal: true

# Server threads live as long as their process; what hangs on them does too.
class ThreadLocalLeak < Leak
  Breadcrumb = Struct.new(:path, :at)

  def description
    "leaves a trail in a thread variable that nobody clears"
  end

  def leak(request)
    trail = Thread.current.thread_variable_get(:trail)
    Thread.current.thread_variable_set(:trail, trail = []) unless trail
    trail << Breadcrumb.new(request.path.dup, Time.now)
  end
end
