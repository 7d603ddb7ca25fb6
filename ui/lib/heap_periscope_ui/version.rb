# frozen_string_literal: true

module HeapPeriscopeUi
  VERSION = "1.0.0"
end
