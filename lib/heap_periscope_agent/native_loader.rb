# frozen_string_literal: true

require "rbconfig"

# A checkout may hold objects built for several Rubies side by side, each in a folder named after the Ruby API
# version, so that `bin/test` and `bin/with-ruby 3.3 bin/test` never overwrite each other's. An installed gem has
# exactly one object, in the folder that RubyGems chose for this Ruby; a program under `heap_periscope run` does not
# have the gem in its load path, so there it is looked for beside this file and where the command says.
folders = [File.join(__dir__, RbConfig::CONFIG["ruby_version"]), __dir__]
extensions = ENV.fetch("HEAP_PERISCOPE_RUN_EXTENSIONS", "")
folders << File.join(extensions, "heap_periscope_agent") unless extensions.empty?
objects = folders.map { |folder| File.join(folder, "heap_periscope_agent.#{RbConfig::CONFIG["DLEXT"]}") }

require(objects.find { |object| File.exist?(object) } || "heap_periscope_agent/heap_periscope_agent")
