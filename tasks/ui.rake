# frozen_string_literal: true

require "bundler/gem_helper"
require_relative "support/numbers"

# What the dashboard serves but did not write: pinned in ui/package.json and its lock, fetched with npm, packed into the gem.
vendored = { "ui/assets/vendor/uPlot.js" => "ui/node_modules/uplot/dist/uPlot.iife.min.js",
             "ui/assets/vendor/uPlot.css" => "ui/node_modules/uplot/dist/uPlot.min.css",
             "ui/assets/vendor/uPlot.LICENSE.txt" => "ui/node_modules/uplot/LICENSE",
             "ui/assets/vendor/idiomorph.js" => "ui/node_modules/idiomorph/dist/idiomorph.min.js",
             "ui/assets/vendor/idiomorph.LICENSE.txt" => "ui/node_modules/idiomorph/LICENSE" }

directory "ui/assets/vendor"

file "ui/node_modules/uplot/package.json" => "ui/package-lock.json" do
  sh "npm", "ci", "--prefix", "ui", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", verbose: false, out: :err
  touch "ui/node_modules/uplot/package.json", verbose: false
end

vendored.each do |target, source|
  file target => ["ui/node_modules/uplot/package.json", "ui/assets/vendor"] do
    cp source, target, verbose: false
  end
end

namespace :ui do
  desc "Copy the scripts of others that the dashboard serves to ui/assets/vendor"
  task vendor: vendored.keys

  desc "Install the oldest Rails that the dashboard supports; prints a folder with the Gemfile"
  task :oldest_rails do
    folder = File.join(ENV.fetch("GEM_HOME"), "oldest-rails")
    mkdir_p folder, verbose: false
    cp "gemfiles/rails-7.1.gemfile", File.join(folder, "Gemfile"), verbose: false
    Bundler.with_unbundled_env do
      gemfile = { "BUNDLE_GEMFILE" => File.join(folder, "Gemfile") }
      sh(gemfile, "bundle check >/dev/null 2>&1 || bundle install --quiet", verbose: false, out: :err)
    end
    puts folder
  end

  desc "Build the gem of the dashboard into ui/pkg"
  task build: :vendor do
    Dir.chdir("ui") do
      mkdir_p "pkg", verbose: false
      version = Gem::Specification.load("heap_periscope_ui.gemspec").version
      sh "gem", "build", "heap_periscope_ui.gemspec", "--output", "pkg/heap_periscope_ui-#{version}.gem", verbose: false
    end
  end

  desc "Feed a collector with datagrams changed in their structure (DATAGRAMS=200000 SEED=1)"
  task fuzz: :vendor do
    ruby "ui/bin/fuzz", ENV.fetch("DATAGRAMS", "200000"), ENV.fetch("SEED", "1"), verbose: false
  end

  desc "What a million invented names take: memory of the collector, and its database (NAMES=1000000)"
  task names: :vendor do
    ruby "ui/bin/names", ENV.fetch("NAMES", "1000000"), verbose: false
  end

  desc "Watch an open page of the dashboard for an hour: its heap must not grow by more than 10 MB (MINUTES=60)"
  task page_growth: :vendor do
    minutes, = Numbers.of(MINUTES: 60)
    program = <<~RUBY
      require "page_growth"
      result = PageGrowth.new(reports: #{minutes} * 30, pause: 2.0).measure
      grown = (result[:after] - result[:before]) / 1048576.0
      puts format("%d min open, %d refreshes: heap %.1f MB, then %.1f MB, grown by %.1f MB", #{minutes}, result[:refreshed],
                  result[:before] / 1048576.0, result[:after] / 1048576.0, grown)
      SystemDashboard.close
      exit(grown <= 10)
    RUBY
    ruby "-Iui/spec/support", "-rrspec/core", "-e", program, verbose: false
  end
end
