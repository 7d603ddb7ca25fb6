# frozen_string_literal: true

# A block kept for later, and with it everything the block can see: here the request.
class RequestClosureLeak < Leak
  LATER = [] # rubocop:disable Style/MutableConstant

  def description
    "keeps a block that captured the request"
  end

  def leak(request)
    body = "rendered for #{request.path} " * 10
    LATER << -> { "#{request.path}: #{body.size}" }
  end
end
