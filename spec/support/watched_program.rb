# frozen_string_literal: true

require "open3"
require "tmpdir"
require_relative "datagram_receiver"

# Ruby programs of their own that run under the agent, for what cannot be tried out in the process of the specs.
module WatchedProgram
  LIB = File.expand_path("../../lib", __dir__)
  PREAMBLE = <<~RUBY
    require "heap_periscope_agent"
    def clock = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    def wait_until(seconds = 30)
      deadline = clock + seconds
      until yield
        raise "waited for \#{seconds} s in vain" if clock > deadline
        sleep 0.01
      end
    end
  RUBY

  Outcome = Struct.new(:out, :err, :status, :seconds)

  module_function

  # @param script [String] after the agent was loaded
  # @param receiver [DatagramReceiver, nil] where it reports to
  # @param shim [Symbol, nil] a file of spec/support/shims to put before the C library
  # @param options [Hash{Symbol => Object}] of the agent, by its environment
  # @return [Outcome]
  def run(script, receiver: nil, shim: nil, env: {}, ruby: [], **options)
    options[:port] ||= receiver.port if receiver
    variables = options.to_h { |name, value| ["HEAP_PERISCOPE_#{name.to_s.upcase}", value.to_s] }
    variables["LD_PRELOAD"] = Shim.path(shim) if shim
    began = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    out, err, status = Open3.capture3(variables.merge(env), RbConfig.ruby, *ruby, "-I", LIB, "-e", PREAMBLE + script)
    Outcome.new(out, err, status, Process.clock_gettime(Process::CLOCK_MONOTONIC) - began)
  end

  # The same, and the program must succeed.
  def run!(script, **options)
    outcome = run(script, **options)
    return outcome if outcome.status.success?

    raise "the program failed: #{outcome.status}\n#{outcome.out}\n#{outcome.err}"
  end

  # Small C libraries, compiled when they are first needed: those that take the place of functions of the C library, and extensions
  # of Ruby (ruby: ["-r", Shim.path(:name)]).
  module Shim
    FOLDER = File.expand_path("shims", __dir__)
    HEADERS = RbConfig::CONFIG.values_at("rubyhdrdir", "rubyarchhdrdir").flat_map { |folder| ["-isystem", folder] }

    module_function

    def path(name)
      @paths ||= {}
      @paths[name] ||= build(name)
    end

    # A child that an example forks runs the exit handlers of its parent too: the folder is its owner's to remove.
    def folder
      @folder ||= Dir.mktmpdir("heap-periscope-shims").tap do |folder|
        owner = Process.pid
        at_exit { FileUtils.rm_rf(folder) if Process.pid == owner }
      end
    end

    def build(name)
      object = File.join(folder, "#{name}.so")
      source = File.join(FOLDER, "#{name}.c")
      output, status = Open3.capture2e(RbConfig::CONFIG["CC"], "-shared", "-fPIC", "-O1", "-Wall", *HEADERS, "-o", object, source,
                                       "-ldl", "-lpthread")
      status.success? ? object : raise("#{source} does not compile:\n#{output}")
    end
  end
end
