# frozen_string_literal: true

require "bundler"
require "fileutils"
require "open3"
require "tmpdir"

# Runs the tools of the packaging specs outside of the bundle, as a user's shell would.
module Packaging
  ROOT = File.expand_path("../..", __dir__)
  EXTCONF = File.join(ROOT, "ext", "heap_periscope_agent", "extconf.rb")
  # pkg-config that knows no library: what a machine without yajl's headers looks like to extconf.rb.
  NO_SYSTEM_LIBRARIES = { "PKG_CONFIG_LIBDIR" => "/nonexistent", "PKG_CONFIG_PATH" => nil }.freeze
  RELEASE = { "HEAP_PERISCOPE_TESTING" => nil, "HEAP_PERISCOPE_WERROR" => "1", "MAKEFLAGS" => "-j2" }.freeze

  # @return [Array(String, Process::Status)] what the command wrote to stdout and stderr, and how it ended
  def run(*command, env: {}, chdir: ROOT)
    Bundler.with_unbundled_env { Open3.capture2e(env, *command, chdir:) }
  end

  # @return [String] what the command wrote
  # @raise [RuntimeError] with that output, when the command fails
  def run!(*command, **options)
    output, status = run(*command, **options)
    status.success? ? output : raise("#{command.join(" ")}: #{status}\n#{output}")
  end

  # The RubyGems of this Ruby with one folder of gems.
  def gem_home(folder)
    { "GEM_HOME" => folder, "GEM_PATH" => folder, "RUBYLIB" => nil }
  end

  # @return [String] path of the gem, built from this checkout into the folder
  def build_gem(folder)
    path = File.join(folder, "heap_periscope_agent-#{HeapPeriscopeAgent::VERSION}.gem")
    run!("gem", "build", "heap_periscope_agent.gemspec", "--output", path)
    path
  end

  # The runtime dependency as a file, so that installing needs no network.
  def libyajl2_gem
    Gem::Specification.find_by_name("libyajl2").cache_file
  end

  def native_object(folder)
    Dir[File.join(folder, "extensions", "**", "heap_periscope_agent.{so,bundle}")].fetch(0)
  end

  def exported_symbols(object)
    run!("nm", "-D", "--defined-only", object).lines.map { |line| line.split.last }
  end
end
