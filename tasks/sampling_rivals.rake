# frozen_string_literal: true

# Other observers of allocations, for benchmark/sampling.rb and other_profilers_spec.rb. They are no dependencies of ours and
# some of them do not install on every Ruby, so they get a folder of their own.
namespace :rival do
  desc "Install other allocation profilers (or those named) into the cache, as far as this Ruby takes them; prints their folder"
  task :profilers, [:names] do |_, arguments|
    folder = File.join(ENV.fetch("GEM_HOME"), "rival-profilers")
    # memory-profiler 1.6.3 requires console, which it does not name among its dependencies
    arguments.fetch(:names, "vernier allocation_tracer console memory-profiler").split.each do |name|
      next if Dir[File.join(folder, "specifications", "#{name}-[0-9]*.gemspec")].any?

      Bundler.with_unbundled_env do
        command = ["gem", "install", "--quiet", "--no-document", "--install-dir", folder, name]
        log = IO.popen(command, err: %i[child out], &:read)
        next if $CHILD_STATUS.success?

        warn "#{name} does not install on Ruby #{RUBY_VERSION}: #{log.lines.grep(/ERROR|requires/).first&.strip}"
      end
    end
    puts folder
  end
end
