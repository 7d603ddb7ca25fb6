# frozen_string_literal: true

# Turns what comes from outside into symbols and deduplicated strings, and holds them.
class InternedLeak < Leak
  NAMES = {} # rubocop:disable Style/MutableConstant

  def description
    "makes a symbol and an interned string of every name it is given"
  end

  def leak(request)
    token = SecureRandom.hex(12)
    NAMES[:"header_#{token}"] = -"value of #{token} at #{request.path}"
  end
end
