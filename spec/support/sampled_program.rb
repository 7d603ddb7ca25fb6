# frozen_string_literal: true

require "json"
require "open3"
require "rbconfig"
require "tempfile"

# Runs a piece of Ruby in a process of its own with allocation sampling on, and answers what it hands to `answer`. Sampling
# is a matter of the whole process, and what it is tried with here (Ractors, forks, GC.stress) should not be RSpec's.
module SampledProgram
  PREAMBLE = <<~RUBY
    require "json"
    require "objspace"
    require "heap_periscope_agent"

    Warning[:experimental] = false

    def configure_sampling(budget: 0.2, **options)
      HeapPeriscopeAgent.configure do |config|
        config.enable_allocation_sampling = true
        config.allocation_budget = budget
        config.interval = 3600
        config.verbose = false
        config.port = 9
        options.each { |name, value| config.public_send("\#{name}=", value) }
      end
    end

    def start_sampling(**options)
      configure_sampling(**options)
      HeapPeriscopeAgent.start or abort("the agent did not start")
    end

    def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

    # Repeats the block for some seconds, and then on until the condition holds, which is asked seldom: it allocates, too.
    def work(seconds, until_true: nil, patience: 60)
      started = now
      ask_at = started + seconds
      loop do
        yield
        next unless now > ask_at
        break if until_true.nil? || until_true.call || now - started > patience

        ask_at = now + 0.05
      end
    end

    def status = HeapPeriscopeAgent.allocation_sampling
    def enough(windows) = -> { status[:windows] >= windows }
    def shares(**options) = HeapPeriscopeAgent.allocation_sites(limit: 1000, **options).to_h { |row| [row[:class_name], row[:share]] }

    def answer(value)
      $stdout.puts("", JSON.generate(value))
      $stdout.flush
    end
  RUBY

  LIBRARIES = %w[lib].map { |folder| File.expand_path("../../#{folder}", __dir__) }.freeze

  # @param env [Hash{String => String}] variables of its environment
  # @return [Object] the answer, with Symbols for keys
  def self.run(code, env: {})
    Tempfile.create(["sampled", ".rb"]) do |file|
      file.write(PREAMBLE, code)
      file.close
      out, err, ended = Open3.capture3(env, RbConfig.ruby, *LIBRARIES.flat_map { |folder| ["-I", folder] }, file.path)
      raise "the program ended with #{ended}: #{err[0, 4000]}" unless ended.success?

      JSON.parse(out.lines.last, symbolize_names: true)
    end
  end

  # Whether this Ruby is one of those on which the retained set is refused.
  def self.fragile?
    Gem::Version.new(RUBY_VERSION).then { |v| v < Gem::Version.new("3.1.4") || (v.segments[0, 2] == [3, 2] && v < Gem::Version.new("3.2.3")) }
  end
end
