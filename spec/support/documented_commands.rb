# frozen_string_literal: true

require "shellwords"

# The commands that documents, heads of files and messages of this repository name, and what would keep one of them from working
# after bin/setup. Nothing is run but `rake --tasks`, once.
class DocumentedCommands
  ROOT = File.expand_path("../..", __dir__)
  DOCUMENTS = Dir.chdir(ROOT) { Dir["*.md", "docs/*.md", "ui/*.md", "ui/docs/*.md", "benchmark/*.rb", "bin/*", "tasks/*.rake", ".ci/run"] }
  # A command at the start of a line of a code block, of a comment's example, or in backquotes.
  START = %r{(?:bin/[a-z-]+|bundle exec|rake|gem|ruby|heap_periscope|(?:bin/)?rails)}
  PLACES = [/`(#{START} [^`\n]+)`/, /^(?:#\s{2,})?(#{START} [^`#\n]+)/].freeze
  PRUNED = /[\[(…].*|\s+#.*/ # optional arguments, remarks

  # What a user runs in the bundle of an application.
  USERS_PROGRAMS = %w[heap_periscope heap_periscope_ui puma sidekiq rspec].freeze

  # @return [Array<String>] "FILE: COMMAND: what is wrong with it"
  def faults
    commands.filter_map { |file, command| (fault = fault_of(command)) && "#{file}: #{command}: #{fault}" }
  end

  # @return [Array<Array(String, String)>] file and command
  def commands
    DOCUMENTS.select { |path| File.file?(File.join(ROOT, path)) }.flat_map do |path|
      text = File.read(File.join(ROOT, path))
      text = code_blocks(text) + text.scan(PLACES.first).join("\n") if path.end_with?(".md")
      PLACES.flat_map { |place| text.scan(place).flatten }.uniq.map { |command| [path, command.sub(PRUNED, "").strip] }
    end
  end

  # @return [String, nil] why the command does not work
  def fault_of(command)
    words = command.split
    case words
    in ["bundle", "exec", program, *] then "the gems are in a cache: bin/exec" unless USERS_PROGRAMS.include?(program)
    in ["rake" | "bin/rake", task, *] then task_fault(task)
    in ["bin/exec", first, *rest] then exec_fault([first, *rest])
    in ["bin/with-ruby", version, *rest] then ruby_fault(version) || fault_of(rest.join(" "))
    in ["heap_periscope", name, *] then "there is no such command" unless subcommands.include?(name)
    in ["rails" | "bin/rails", "generate" | "destroy", name, *] then generator_fault(name)
    in [%r{\Abin/} => script, *files] then script_fault(script) || files_fault(files)
    else nil
    end
  end

  private

  def code_blocks(text) = text.scan(/^```(?:sh|console)?\n(.*?)^```/m).join("\n")

  def exec_fault(words)
    words.first == "ruby" ? files_fault(words.drop(1)) : fault_of(words.join(" "))
  end

  def files_fault(words)
    missing = words.grep(%r{\A(?:spec|ui/spec|benchmark|tasks)/}).map { |path| path[/\A[^:\[]+/] }
                   .reject { |path| File.exist?(File.join(ROOT, path)) }
    "there is no #{missing.first}" if missing.any?
  end

  def script_fault(script)
    return if script == "bin/rails" # the application's

    "there is no #{script}" unless File.executable?(File.join(ROOT, script))
  end

  def ruby_fault(version)
    known = File.read(File.join(ROOT, "bin/support/debian_folder.sh"))[/suites=\((.*?)\)/m, 1].scan(/\[([^\]]+)\]/).flatten
    "with-ruby knows #{known.join(", ")}" unless known.include?(version) || version == "VERSION"
  end

  # Tasks of applications, which documents name too, are not ours.
  def task_fault(task)
    return if task.start_with?("-", "db:", "jobs:") || task.match?(/\A[a-z_]+_(tracker|instrumentation)\z/)

    "there is no such task" unless tasks.include?(task)
  end

  def tasks
    @tasks ||= Dir.chdir(ROOT) { IO.popen(%w[rake --all --tasks], &:read) }.scan(/^rake (\S+?)(?:\[.*?\])?\s/).flatten
  end

  def subcommands
    @subcommands ||= File.read(File.join(ROOT, "lib/heap_periscope_agent/cli.rb")).scan(/^\s+"([a-z]+)" =>/).flatten + %w[--help --version]
  end

  def generator_fault(name)
    gem, generator = name.split(":")
    base = gem == "heap_periscope_ui" ? "ui/lib" : "lib"
    folder = File.join(ROOT, base, "generators", gem.to_s, generator.to_s)
    "there is no such generator" if gem.start_with?("heap_periscope") && !Dir.exist?(folder)
  end
end
