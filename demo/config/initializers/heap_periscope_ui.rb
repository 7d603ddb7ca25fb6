# frozen_string_literal: true

if defined?(HeapPeriscopeUi::Engine)
  HeapPeriscopeUi.configure do |config|
    config.udp_port = Integer(ENV.fetch("HEAP_PERISCOPE_PORT", "9000"))
    config.database = Demo.scratch.join("heap_periscope.sqlite3")
  end
end
