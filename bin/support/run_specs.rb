# frozen_string_literal: true

# Runs the specs of the agent, the dashboard and the demo, each suite in a process of its own (each boots other Rails
# applications), and closes with one line of totals. Arguments: spec files or folders, and options for rspec.

require "json"
require "tempfile"

class SpecRun
  SUITES = %w[spec ui/spec demo/spec].freeze
  # One that takes longer hangs outside its examples, whose own limits are short; it is ended and counts as failed.
  LIMIT_S = 1800 * Float(ENV.fetch("HEAP_PERISCOPE_SPEC_TIMEOUT_FACTOR", "1"))
  COUNTS = %w[example_count failure_count pending_count errors_outside_of_examples_count].freeze

  def initialize(arguments)
    @paths, @options = arguments.partition { |argument| File.exist?(argument.sub(/[:\[].*/, "")) }
    @format = @options.grep(/\A(-f|--format)/).empty? ? %w[--format progress] : []
    @totals = COUNTS.to_h { |count| [count, 0] }
    @crashed = []
  end

  # @return [Boolean] true when every suite ran to its end and nothing failed
  def call
    suites.each { |suite, paths| run(suite, paths) }
    @crashed.each { |suite, status| puts "", "#{suite} did not run to its end: #{status}" }
    puts("", summary)
    @crashed.empty? && @totals["failure_count"].zero? && @totals["errors_outside_of_examples_count"].zero?
  end

  private

  def suites
    return @paths.group_by { |path| suite_of(path) } if @paths.any?

    SUITES.select { |suite| Dir["#{suite}/**/*_spec.rb"].any? }.to_h { |suite| [suite, [suite]] }
  end

  def suite_of(path)
    relative = File.expand_path(path).delete_prefix("#{Dir.pwd}/")
    SUITES.find { |suite| relative.start_with?(suite) } || SUITES.first
  end

  def run(suite, paths)
    puts "== #{suite}, Ruby #{RUBY_VERSION}"
    Tempfile.create("heap-periscope-rspec") do |report|
      pid = spawn("rspec", *@format, "--format", "json", "--out", report.path, *@options, *paths)
      count(suite, report, ending_of(pid))
    end
  end

  # @return [Process::Status]
  def ending_of(pid)
    over = Thread.new { sleep(LIMIT_S) && Process.kill(:KILL, pid) }
    Process.wait2(pid).last
  ensure
    over.kill
  end

  def count(suite, report, status)
    summary = JSON.parse(report.read).fetch("summary")
    COUNTS.each { |count| @totals[count] += summary.fetch(count, 0) }
    # rspec exits with 1 for failures; any other end means that examples are missing from the report.
    @crashed << [suite, status] unless [0, 1].include?(status.exitstatus)
  rescue JSON::ParserError
    @crashed << [suite, status]
  end

  def summary
    examples, failures, pending, errors = @totals.values_at(*COUNTS)
    line = "#{plural(examples, "example")}, #{plural(failures, "failure")}"
    line += ", #{pending} pending" if pending.positive?
    line += ", #{plural(errors, "error")} outside of examples" if errors.positive?
    line
  end

  def plural(count, noun)
    count == 1 ? "1 #{noun}" : "#{count} #{noun}s"
  end
end

exit(SpecRun.new(ARGV).call)
