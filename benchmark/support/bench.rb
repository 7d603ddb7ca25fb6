# frozen_string_literal: true

require "json"
require "rbconfig"
require_relative "../../spec/support/gem_folder"

# --help prints what stands at the head of a benchmark; before it loads anything that takes long.
if ARGV.intersect?(%w[--help -h])
  head = File.foreach($PROGRAM_NAME).drop(1).drop_while { |line| line.strip.empty? }.take_while { |line| line.start_with?("#") }
  puts(head.map { |line| line.delete_prefix("#").delete_prefix(" ") })
  exit
end

# What the benchmarks share: workers (processes that hold a heap and measure on command), medians, and one table form.
module Bench
  # A process that runs the same script with a role and answers one JSON line to each line it is sent.
  class Worker
    # @param core [Integer, nil] the only one it may use; by `taskset`, so on Linux only
    def initialize(script, *role, env: {}, core: nil)
      library = env.fetch("RIVAL_LIB") { File.expand_path("../../lib", __dir__) }
      command = [RbConfig.ruby, "-I#{library}", script, "worker", *role.map(&:to_s)]
      command.unshift("taskset", "--cpu-list", core.to_s) if core
      @io = IO.popen([env, *command], "r+")
      ask("ready")
    end

    def ask(command)
      @io.puts(command)
      line = @io.gets or abort "a worker ended early: #{command}"
      JSON.parse(line, symbolize_names: true)
    end

    def close
      @io.close
    end

    # In the worker: answers each command with what the block makes of it.
    def self.serve
      $stdout.sync = true
      while (line = $stdin.gets)
        answer = line.chomp == "ready" ? {} : yield(line.chomp)
        puts JSON.generate(answer)
      end
    end
  end

  module_function

  # The environment in which a worker loads the original gem 0.3.0 instead of this one: it bears the same name.
  def rival_environment
    library = GemFolder.of("rival:install")
    bundler = ENV.keys.grep(/\ABUNDLE|\ARUBYOPT/).to_h { |name| [name, nil] }
    bundler.merge("RIVAL_LIB" => library, "GEM_PATH" => library[%r{.*(?=/gems/)}])
  end

  def worker? = ARGV.first == "worker"

  def median(values) = values.sort[values.size / 2]

  def quantile(values, share) = values.sort[[(values.size * share).ceil - 1, 0].max]

  # Wall and processor seconds of a block.
  def measure
    wall = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    cpu = Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID)
    yield
    { wall: Process.clock_gettime(Process::CLOCK_MONOTONIC) - wall,
      cpu: Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID) - cpu }
  end

  def heading(text)
    puts "\n#{text}", "Ruby #{RUBY_VERSION}, #{RUBY_PLATFORM}, #{Time.now.utc.strftime("%Y-%m-%d")}"
  end

  # rows: arrays of cells, the first row the head; numbers are right-aligned.
  def table(rows)
    cells = rows.map { |row| row.map(&:to_s) }
    widths = cells.transpose.map { |column| column.map(&:size).max }
    cells.each_with_index do |row, number|
      line = row.each_with_index.map { |cell, i| i.zero? ? cell.ljust(widths[i]) : cell.rjust(widths[i]) }
      puts "| #{line.join(" | ")} |"
      puts "|#{widths.map { |width| "-" * (width + 2) }.join("|")}|" if number.zero?
    end
  end

  def ms(seconds) = seconds < 0.001 ? format("%.2f µs", seconds * 1e6) : format("%.2f ms", seconds * 1000)

  def ratio(value, base) = format("×%.3f", value / base)

  # Prints whether a bar was reached; the script ends with 1 when one was not.
  def bar(text, reached)
    @failed = true unless reached
    puts "#{reached ? "reached    " : "NOT REACHED"} #{text}"
  end

  def finish
    exit 1 if @failed
  end
end

require_relative "turns"
require_relative "pairs"
