# frozen_string_literal: true

require_relative "../support/demo_app_context"

# Which processes of a Rails app report: each example starts real ones.
RSpec.describe "The Railtie", timeout: 300 do
  include_context "with the demo app"

  def run(*command, **options)
    output, status = app.run(*command, **options)
    expect(status).to be_success, output
    sleep 0.2
    receiver.of(pid: status.pid).map { |report| report["type"] }
  end

  # Processes that sent a snapshot and are not in `known`, once there are `count` of them.
  def reporting(count, known)
    receiver.wait(90, what: "#{count} reporting processes") do |reports|
      pids = reports.select { |report| report["type"] == "snapshot" }.map { |report| report["process_id"] }.uniq - known
      pids if pids.size >= count
    end
  end

  def known = receiver.reports.map { |report| report["process_id"] }.uniq

  describe "commands" do
    it "watches rails runner, to the end" do
      expect(run("bin/rails", "runner", "Order.count")).to include("snapshot").and end_with("goodbye")
    end

    it "leaves consoles, generators, tests and short commands alone" do
      commands = [%w[bin/rails runner 1], %w[bin/rails routes], %w[bin/rails console],
                  %w[bin/rails generate job Nothing --pretend]]
      environments = [{ "RAILS_ENV" => "test" }, {}, {}, {}]
      expect(commands.zip(environments).map { |command, env| run(*command, env: env) }).to all(eq([]))
    end

    it "does what config.enabled says" do
      expect(run("bin/rails", "console", env: { "HEAP_PERISCOPE_ENABLED" => "true" })).to include("snapshot")
      expect(run("bin/rails", "runner", "1", env: { "HEAP_PERISCOPE_ENABLED" => "false" })).to eq([])
    end

    it "leaves Rake to the Rake instrumentation" do
      env = { "DEMO_INSTRUMENTATION" => "controller", "HEAP_PERISCOPE_ENABLED" => "true" }
      expect(run("bin/rails", "db:version", env: env)).to eq([])
      expect(run("bin/rails", "db:version")).to include("snapshot").and end_with("goodbye")
    end
  end

  # As Delayed Job, Resque, Solid Queue and others run them.
  describe "job workers that are Rake tasks" do
    # A worker of this name that does one job, and what its process reported.
    def work(task, env)
      file = File.join(app.scratch, "worker.rb")
      File.write(file, <<~RUBY)
        Rake::Task.define_task(#{task.inspect} => :environment) do
          job = Class.new(ActiveJob::Base) { def perform = nil }
          Object.const_set(:WorkersJob, job).perform_now
        end
      RUBY
      output, status = app.run("bin/rake", "-r", file, task, env: env.merge("DEMO_INSTRUMENTATION" => "job"))
      expect(status).to be_success, output
      sleep 0.2
      [receiver.of(pid: status.pid).map { |report| report.values_at("type", "service_name") }.uniq, receiver.spans(pid: status.pid).keys]
    end

    it "are watched as servers are, with their jobs, and are no tasks" do
      %w[jobs:work resque:work solid_queue:start].each do |task|
        reports, spans = work(task, {})
        expect(reports).to include(%w[snapshot Rails]).and(end_with([%w[goodbye Rails]]))
        expect(spans).to eq([%w[job WorkersJob#perform]])
      end
    end

    it "are left alone where config.enabled says so, in tests, and where they are other tasks" do
      expect(work("jobs:work", { "HEAP_PERISCOPE_ENABLED" => "false" })).to eq([[], []])
      expect(work("jobs:work", { "RAILS_ENV" => "test" })).to eq([[], []])
      expect(work("jobs:clear", {})).to eq([[], []])
    end
  end

  describe "servers" do
    def spans_of(pids)
      pids.map { |pid| receiver.spans(pid: pid) }
    end

    # Asks until every one of these processes has told of the page.
    def all_tell_of_the_page(pids)
      receiver.wait(90, what: "spans of processes #{pids.join(", ")}") do
        4.times { app.get("/") }
        spans_of(pids).all? { |spans| spans.key?(["controller", "PagesController#home"]) }
      end
    end

    it "watches a single Puma" do
      server = app.serve(env: { "WEB_CONCURRENCY" => "0" })
      all_tell_of_the_page([server])
    ensure
      app.stop(server)
    end

    it "watches the workers of a Puma cluster that loads the app after the fork" do
      before = known
      server = app.serve("bundle", "exec", "puma", env: { "PRELOAD" => "0" })
      workers = reporting(2, before)
      expect(workers).not_to include(server)
      all_tell_of_the_page(workers)
    ensure
      app.stop(server)
    end

    it "watches Puma workers that are forked from a worker" do
      before = known
      server = app.serve("bundle", "exec", "puma", env: { "PRELOAD" => "0", "FORK_WORKER" => "1" })
      workers = reporting(2, before)
      Process.kill("URG", server) # refork: all but worker 0 are forked anew
      successors = reporting(1, before + workers)
      all_tell_of_the_page(successors)
    ensure
      app.stop(server)
    end

    it "watches the master and the workers of a Unicorn that loads the app before the fork" do
      before = known
      server = app.serve(*%w[bundle exec unicorn -c config/unicorn.rb])
      pids = reporting(3, before)
      expect(pids).to include(server)
      all_tell_of_the_page(pids - [server])
    ensure
      app.stop(server, "QUIT")
    end
  end

  it "watches what Spring forks, not Spring itself" do
    spring = { "DISABLE_SPRING" => nil, "DEMO_RELOADING" => "1", "SPRING_TMP_PATH" => app.scratch }
    before = known
    output, status = Open3.capture2e(app.env.merge(spring), "bundle", "exec", "spring", "rails", "runner",
                                     "puts Process.pid; sleep 1", chdir: DemoApp::ROOT)
    expect(status).to be_success, output
    child = output[/^\d+$/].to_i
    receiver.wait(what: "the goodbye of Spring's child") do
      receiver.of(pid: child).map { |report| report["type"] }.include?("goodbye")
    end
    expect(known - before).to eq([child])
  ensure
    Open3.capture2e(app.env.merge(spring), "bundle", "exec", "spring", "stop", chdir: DemoApp::ROOT)
  end
end
