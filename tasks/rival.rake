# frozen_string_literal: true

# Gems that can be in no bundle beside this one get folders of their own in the cache.
RIVAL_VERSION = "0.3.0"

# @return [String] the folder, in which the gem and what it needs are installed
def install_apart(folder, gem_name, requirement)
  folder = File.join(ENV.fetch("GEM_HOME"), folder)
  return folder if Dir[File.join(folder, "specifications", "#{gem_name}-[0-9]*.gemspec")].any?

  Bundler.with_unbundled_env do
    command = ["gem", "install", "--quiet", "--no-document", "--install-dir", folder, "#{gem_name}:#{requirement}"]
    sh(*command, verbose: false, out: :err)
  end
  folder
end

namespace :rival do
  desc "Install the original gem, which has this gem's name and which the benchmarks compare with; prints its lib folder"
  task :install do
    folder = install_apart("rival", "heap_periscope_agent", RIVAL_VERSION)
    puts File.join(folder, "gems", "heap_periscope_agent-#{RIVAL_VERSION}", "lib")
  end
end

namespace :rival do
  desc "Fetch the original dashboard 0.1.0, without what it needs (Rails 8, more than some Rubies here can have); prints its lib folder"
  task :dashboard do
    folder = File.join(ENV.fetch("GEM_HOME"), "rival-dashboard")
    name = "heap_periscope_ui-0.1.0"
    unless File.directory?(File.join(folder, name))
      mkdir_p(folder, verbose: false)
      Bundler.with_unbundled_env do
        Dir.chdir(folder) do
          sh("gem", "fetch", "--quiet", "heap_periscope_ui", "--version", "0.1.0", verbose: false, out: :err)
          sh("gem", "unpack", "--quiet", "#{name}.gem", verbose: false, out: :err)
        end
      end
    end
    puts File.join(folder, name, "lib")
  end
end

desc "Install an earlier Sidekiq than that of the bundle, such as 6.5; prints its folder"
task :sidekiq, [:version] do |_task, args|
  puts install_apart("sidekiq-#{args.version}", "sidekiq", "~> #{args.version}.0")
end
