# frozen_string_literal: true

module HeapPeriscopeAgent
  # The gem's version; the top entry of CHANGELOG.md carries the same one.
  VERSION = "1.0.0"
end
