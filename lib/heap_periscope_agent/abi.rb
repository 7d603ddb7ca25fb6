# frozen_string_literal: true

require "rbconfig"

module HeapPeriscopeAgent
  # The Ruby that a native extension is compiled for: another one cannot load it, and may crash when it tries.
  ABI = [RUBY_ENGINE, *RbConfig::CONFIG.values_at("ruby_version", "arch")].join(" ").freeze
end
