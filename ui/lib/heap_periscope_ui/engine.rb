# frozen_string_literal: true

require "rails/engine"

module HeapPeriscopeUi
  # Mount it: `mount HeapPeriscopeUi::Engine => "/heap_periscope"`.
  class Engine < ::Rails::Engine
    isolate_namespace HeapPeriscopeUi

    config.heap_periscope_ui = HeapPeriscopeUi.configuration

    # Pages and figures shrink to a tenth; what a host or proxy has compressed already is left alone.
    middleware.use Rack::Deflater

    config.after_initialize { Collector.start_in_server }
  end
end
