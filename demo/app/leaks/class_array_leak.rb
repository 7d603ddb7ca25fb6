# frozen_string_literal: true

# The classic: a list on a class that only ever grows.
class ClassArrayLeak < Leak
  Visit = Struct.new(:path, :agent, :at)
  VISITS = [] # rubocop:disable Style/MutableConstant

  def description
    "remembers every visit in a class-level array"
  end

  def leak(request)
    VISITS << Visit.new(request.path.dup, request.user_agent.to_s.dup, Time.now)
  end
end
