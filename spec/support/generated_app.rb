# frozen_string_literal: true

require "bundler"
require "fileutils"
require "open3"
require "tmpdir"

# A fresh app as `rails new` makes it, with a bundle of its own that holds this gem and Sidekiq, on the gems of the
# project's bundle.
class GeneratedApp
  ROOT = File.expand_path("../..", __dir__)
  FILES = {
    "app/controllers/notes_controller.rb" => <<~RUBY,
      class NotesController < ApplicationController
        def index = render(json: Note.create!(text: "one").id)
      end
    RUBY
    "app/models/note.rb" => "class Note < ApplicationRecord\nend\n",
    "db/schema.rb" => <<~RUBY,
      ActiveRecord::Schema[7.1].define(version: 1) do
        create_table("notes", force: :cascade) { |t| t.string "text" }
      end
    RUBY
    "config/routes.rb" => "Rails.application.routes.draw { resources :notes, only: :index }\n",
    "lib/tasks/notes.rake" => <<~'RUBY',
      namespace :notes do
        task(:ping) { puts "pong" }
        task(count: :environment) { puts Note.count }
        task(:greet, [:name] => :ping) { |_task, args| puts "hello #{args.name}" }
      end
    RUBY
    "app/jobs/plain_job.rb" => <<~RUBY,
      class PlainJob < ApplicationJob
        def perform = nil
      end
    RUBY
    "app/jobs/billing/invoice_job.rb" => <<~RUBY,
      module Billing
        class InvoiceJob < ApplicationJob
          def perform = nil
        end
      end
    RUBY
    "app/sidekiq/post/greeting_job.rb" => <<~RUBY,
      class Post::GreetingJob
        include Sidekiq::Job

        def perform = nil
      end
    RUBY
    "app/workers/old_worker.rb" => <<~RUBY
      class OldWorker
        include Sidekiq::Job

        def perform = nil
      end
    RUBY
  }.freeze

  attr_reader :root, :env

  def initialize(receiver)
    @folder = Dir.mktmpdir("heap-periscope-generated")
    @root = File.join(@folder, "notes")
    @env = { "HEAP_PERISCOPE_PORT" => receiver.port.to_s, "HEAP_PERISCOPE_INTERVAL" => "0.5",
             "RAILS_ENV" => "development", "BUNDLE_GEMFILE" => File.join(@root, "Gemfile") }
    create
  end

  def close = FileUtils.rm_rf(@folder)

  # @return [Array(String, Process::Status)] what a command of the app wrote, and how it ended
  def run(*command, env: {})
    Bundler.with_unbundled_env { Open3.capture2e(@env.merge(env), *command, chdir: @root) }
  end

  def run!(...)
    output, status = run(...)
    status.success? ? output : raise("#{status}\n#{output}")
  end

  def rails(*arguments, **options) = run!("ruby", "bin/rails", *arguments, **options)

  def spawn(*command, env: {})
    Bundler.with_unbundled_env do
      Process.spawn(@env.merge(env), *command, chdir: @root, out: File.join(@folder, "log"), err: %i[child out])
    end
  end

  # @return [Hash{String => String}] the app's own files and what is in them
  def files
    Dir.chdir(@root) do
      paths = Dir["{app,config,lib}/**/*", "Gemfile*", "Rakefile"].select { |path| File.file?(path) }
      paths.to_h { |path| [path, File.read(path)] }
    end
  end

  def write(path, text)
    FileUtils.mkdir_p(File.dirname(File.join(@root, path)))
    File.write(File.join(@root, path), text)
  end

  def restore(files)
    (self.files.keys - files.keys).each { |path| File.delete(File.join(@root, path)) }
    files.each { |path, text| write(path, text) }
  end

  private

  def create
    output, status = Open3.capture2e("bundle", "exec", "rails", "new", @root, "--minimal", "--no-skip-active-job",
                                     "--skip-bundle", "--skip-git", "--skip-test", "--skip-asset-pipeline", "--quiet")
    raise output unless status.success?

    write("Gemfile", gemfile)
    FILES.each { |path, text| write(path, text) }
    run!("bundle", "lock", "--local")
    rails("db:schema:load", env: { "HEAP_PERISCOPE_ENABLED" => "false" })
  end

  def gemfile
    pinned = %w[rails puma sqlite3 sidekiq].map do |name|
      "gem #{name.inspect}, #{Gem.loaded_specs.fetch(name).version.to_s.inspect}"
    end
    ["source \"https://rubygems.org\"", *pinned, "gem \"heap_periscope_agent\", path: #{ROOT.inspect}", ""].join("\n")
  end
end
