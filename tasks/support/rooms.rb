# frozen_string_literal: true

require "tsort"

# The rooms of ext/heap_periscope_agent and the order in which they may include each other. The one place where the order stands:
# rake lint checks the code against it, and docs/architecture.md prints it.
class Rooms
  include TSort

  # Bottom first: a file includes from its own room and from those above it in this list.
  ORDER = {
    "base" => "clock, waiting, random numbers, the agent's own cost; knows neither Ruby nor any other part",
    "config" => "the options as plain data",
    "vm" => "what the VM calls back and may call, turns under the GVL, jobs, guarded calls, Ractors, what is looked up at run time",
    "process" => "who this process is, its memory and its threads as the system sees them",
    "gc" => "GC.stat, single pauses",
    "heap" => "the census: pages, classes, names, bytes",
    "spans" => "sums by action, model, job and task",
    "sampling" => "windows on allocations, call sites, the objects that are watched",
    "leaks" => "trends, verdicts, sentences",
    "report" => "one interval as plain C: the only thing that crosses from the GVL's side to the wire's",
    "wire" => "encoding, splitting, signing, sending; touches no object of the program",
    "reporter" => "the thread, its ticks, reports on the caller's thread, forks, the end",
    "binding" => "what Ruby calls: every method that is defined, and nothing else",
    "testing" => "the specs' door to the inside; not in a released gem"
  }.freeze
  INCLUDE = %r{^\s*#\s*include\s+"((?:[a-z]+/)?[a-z_0-9]+\.h)"}

  # @param folder [String] ext/heap_periscope_agent, or one laid out like it
  def initialize(folder)
    @includes = Dir[File.join(folder, "*", "*.{c,h}")].to_h do |path|
      [path.delete_prefix("#{folder}/"), File.read(path).scan(INCLUDE).flatten]
    end
  end

  # @return [Array<String>] a sentence for each include that goes upwards, each circle and each room that is not in the list
  def faults
    strangers + upwards + circles
  end

  # @return [String] the rooms as a table of Markdown, bottom first
  def self.table
    ["| room | what is in it |", "|---|---|", *ORDER.map { |room, text| "| `#{room}/` | #{text} |" }].join("\n")
  end

  private

  def room(path) = path.include?("/") ? path.split("/").first : nil

  def strangers
    (@includes.keys.map { |path| room(path) }.uniq - ORDER.keys).map { |name| "#{name}/ is no room of tasks/support/rooms.rb" }
  end

  def upwards
    levels = ORDER.keys.each_with_index.to_h
    @includes.flat_map do |path, included|
      included.filter_map do |header|
        next "#{path} includes \"#{header}\" without its room" unless room(header)

        "#{path} includes #{header}, which is above it" if levels.fetch(room(header), 0) > levels.fetch(room(path), 0)
      end
    end
  end

  def circles
    each_strongly_connected_component.select { |parts| parts.size > 1 }.map { |parts| "a circle: #{parts.sort.join(", ")}" }
  end

  # A part is a header and its source.
  def part(path) = path.sub(/\.[ch]\z/, "")

  def parts
    @parts ||= @includes.group_by { |path, _| part(path) }
                        .transform_values { |files| files.flat_map(&:last).map { |header| part(header) }.uniq }
  end

  def tsort_each_node(&) = parts.each_key(&)
  def tsort_each_child(name, &) = (parts.fetch(name, []) - [name]).each(&)
end
