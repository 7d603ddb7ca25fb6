# frozen_string_literal: true

require "net/http"
require_relative "../support/child"
require_relative "../support/generated_app"
require_relative "../support/original_gem"
require_relative "../support/redis_server"
require_relative "../support/datagram_receiver"
require "heap_periscope_agent"

# All generators in one freshly generated app, which is then booted and asked over HTTP.
RSpec.describe "Generators", timeout: 300 do
  before(:all) do
    @receiver = DatagramReceiver.new
    @app = GeneratedApp.new(@receiver)
    @fresh = @app.files
  end

  after(:all) do
    @app.close
    @receiver.close
  end

  before do
    app.restore(@fresh)
    receiver.forget
  end

  let(:receiver) { @receiver }
  let(:app) { @app }

  def generate(*arguments) = app.rails("generate", *arguments)
  def destroy(*arguments) = app.rails("destroy", *arguments)

  # Several generators in one process: booting the app takes most of the time.
  def invoke(*calls, behavior: "invoke")
    script = calls.map do |name, *arguments|
      "Rails::Generators.invoke('heap_periscope_agent:#{name}', #{arguments}, behavior: :#{behavior})"
    end
    app.rails("runner", "require 'rails/generators'; #{script.join("; ")}",
              env: { "HEAP_PERISCOPE_ENABLED" => "false" })
  end

  def changed
    app.files.reject { |path, text| @fresh[path] == text }.keys
  end

  # Serves the app until the block is done.
  def with_server
    port = TCPServer.open("127.0.0.1", 0) { |server| server.addr[1] }
    pid = app.spawn("ruby", "bin/rails", "server", "-p", port.to_s, "-P", "tmp/server-#{port}.pid")
    yield -> { answer("http://127.0.0.1:#{port}/notes") }, pid
  ensure
    Child.stop(pid)
  end

  def answer(url)
    Net::HTTP.get(URI(url))
  rescue SystemCallError, EOFError
    nil
  end

  def with_sidekiq
    redis = RedisServer.new
    env = { "REDIS_URL" => redis.url }
    app.rails("runner", "OldWorker.perform_async; Post::GreetingJob.perform_async", env: env.merge("HEAP_PERISCOPE_ENABLED" => "false"))
    pid = app.spawn("bundle", "exec", "sidekiq", env: env)
    yield pid
  ensure
    Child.stop(pid)
    redis.close
  end

  # Asks the app until the receiver knows of these spans.
  def wait_for(*spans, pid: nil, &request)
    receiver.wait(90, what: spans.inspect) do
      request&.call
      (spans - receiver.spans(pid: pid).keys).empty?
    end
  end

  describe "install" do
    it "generates what fits the bundle, once, and destroy takes it back" do
      generate("heap_periscope_agent:install")
      expect(changed).to contain_exactly(
        "config/initializers/heap_periscope_agent.rb", "config/initializers/heap_periscope_agent_controller.rb",
        "config/initializers/heap_periscope_agent_model.rb", "config/initializers/heap_periscope_agent_sampling.rb",
        "config/initializers/heap_periscope_agent_sidekiq.rb", "lib/tasks/heap_periscope_agent.rake"
      )

      installed = app.files
      expect(generate("heap_periscope_agent:install").lines.size).to eq(6).and eq(app.files == installed ? 6 : 0)

      destroy("heap_periscope_agent:install")
      expect(app.files).to eq(@fresh)
    end

    it "has its effects on the wire, in servers, jobs, Sidekiq and Rake" do
      generate("heap_periscope_agent:install")
      with_server { |get| wait_for(%w[controller NotesController#index], %w[model Note#create], &get) }
      app.rails("runner", "PlainJob.perform_now")
      wait_for(%w[job PlainJob#perform])
      expect(app.run!("bundle", "exec", "rake", "notes:ping")).to eq("pong\n")
      wait_for(["task", "rake notes:ping"], %w[task notes:ping])
      with_sidekiq { wait_for(%w[job OldWorker#perform]) }
      sampled = receiver.of(type: "snapshot").map { |report| report.dig("payload", "allocation_sampling", "state") }
      expect(sampled.compact).not_to be_empty
    end

    it "leaves out what the bundle does not hold" do
      app.write("Gemfile.lock", @fresh.fetch("Gemfile.lock").gsub(/^ +sidekiq .*\n/, ""))
      library = File.expand_path("../../lib/generators/heap_periscope_agent/install/install_generator.rb", __dir__)
      script = "require 'rails'; require #{library.inspect}; HeapPeriscopeAgent::Generators::InstallGenerator.start"
      output, status = Open3.capture2e("bundle", "exec", "ruby", "-I", File.expand_path("../../lib", __dir__), "-e",
                                       script, chdir: app.root)
      expect(status).to be_success, output
      expect(output).to include("sidekiq_middleware: sidekiq is not in the bundle")
      expect(changed).to include("config/initializers/heap_periscope_agent_model.rb", "config/initializers/heap_periscope_agent_job.rb")
      expect(changed).not_to include("config/initializers/heap_periscope_agent_sidekiq.rb")
    end
  end

  describe "the single generators" do
    it "explain themselves" do
      usages = Dir[File.expand_path("../../lib/generators/heap_periscope_agent/*/USAGE", __dir__)]
      names = usages.map { |path| File.basename(File.dirname(path)) }
      expect(names.size).to eq(10)

      output = invoke(*names.map { |name| [name, "--help"] })
      expect(usages.map { |path| File.read(path) }).to all(satisfy { |usage| output.include?(usage) })
      names.each { |name| expect(output).to include("generate heap_periscope_agent:#{name}") }
    end

    def visit = with_server { |get| receiver.wait(90, what: "a span") { get.call && receiver.spans.any? } }
    def perform = app.rails("runner", "PlainJob.perform_now")
    def ping = app.run!("bundle", "exec", "rake", "notes:ping")

    # What each makes, and the spans that come of it, alone.
    [
      ["controller_instrumentation", "config/initializers/heap_periscope_agent_controller.rb", :visit,
       [%w[controller NotesController#index]]],
      ["model_instrumentation", "config/initializers/heap_periscope_agent_model.rb", :visit, [%w[model Note#create]]],
      ["job_instrumentation", "config/initializers/heap_periscope_agent_job.rb", :perform, [%w[job PlainJob#perform]]],
      ["sidekiq_middleware", "config/initializers/heap_periscope_agent_sidekiq.rb", :perform, [%w[job PlainJob#perform]]],
      ["rake_instrumentation", "lib/tasks/heap_periscope_agent.rake", :ping, [["task", "rake notes:ping"], %w[task notes:ping]]]
    ].each do |name, file, use, spans|
      it "make one file each, once, that does one thing, and destroy takes it back: #{name}" do
        generate("heap_periscope_agent:#{name}")
        expect(changed).to eq([file])
        expect { generate("heap_periscope_agent:#{name}") }.not_to(change { app.files })
        __send__(use)
        wait_for(*spans)
        expect(receiver.spans.keys).to match_array(spans)
        destroy("heap_periscope_agent:#{name}")
        expect(app.files).to eq(@fresh)
      end
    end

    it "say of every option what it costs" do
      template = File.read(File.expand_path("../../lib/generators/heap_periscope_agent/config/templates/config/initializers/" \
                                            "heap_periscope_agent.rb.tt", __dir__))
      paragraphs = template.split("\n\n").grep(/config\.\w+ =/)
      expect(paragraphs).to all(match(/\b[Cc]osts?\b|\b[Ff]ree\b/))
    end

    it "list every option of the configuration with its default" do
      generate("heap_periscope_agent:config")
      text = app.files.fetch("config/initializers/heap_periscope_agent.rb")
      options = HeapPeriscopeAgent::Options::ALL
      expect(text.scan(/^  # config\.(\w+) = (.+)$/).to_h).to eq(options.transform_values { |option|
        option.default.inspect
      }
                                                                        .transform_keys(&:to_s))
    end
  end

  describe "job_tracker" do
    it "has a nested job and a plain Sidekiq job measured, and takes its line back" do
      trackers = %w[Billing::InvoiceJob OldWorker Post::GreetingJob].map { |name| ["job_tracker", name] }
      invoke(*trackers, *trackers)
      expect(changed).to contain_exactly("app/jobs/billing/invoice_job.rb", "app/workers/old_worker.rb",
                                         "app/sidekiq/post/greeting_job.rb")
      expect(app.files.fetch("app/jobs/billing/invoice_job.rb").lines.grep(/prepend/))
        .to eq(["    prepend HeapPeriscopeAgent::SidekiqJobTracker\n"])

      app.rails("runner", "2.times { Billing::InvoiceJob.perform_now }; PlainJob.perform_now")
      wait_for(%w[job Billing::InvoiceJob#perform])
      expect(receiver.spans.keys).to eq([%w[job Billing::InvoiceJob#perform]])
      with_sidekiq { wait_for(%w[job OldWorker#perform], %w[job Post::GreetingJob#perform]) }

      invoke(*trackers, behavior: "revoke")
      expect(app.files).to eq(@fresh)
    end

    it "says where it looked and fails when there is no such job" do
      output, status = app.run("ruby", "bin/rails", "generate", "heap_periscope_agent:job_tracker", "Billing::LostJob")
      expect(status.exitstatus).to eq(1)
      expect(output).to include("No file for Billing::LostJob found", "app/jobs/billing/lost_job.rb",
                                "app/sidekiq/billing/lost_job.rb", "app/workers/billing/lost_job.rb")
    end

    it "says what to add where it cannot add it, and fails" do
      app.write("app/jobs/odd_job.rb", "OddJob = Class.new(ApplicationJob)\n")
      output, status = app.run("ruby", "bin/rails", "generate", "heap_periscope_agent:job_tracker", "OddJob")
      expect(status.exitstatus).to eq(1)
      expect(output).to include("app/jobs/odd_job.rb", "prepend HeapPeriscopeAgent::SidekiqJobTracker")
      expect(changed).to eq(["app/jobs/odd_job.rb"])
    end
  end

  it "has a single Rake task measured, from a file of its own, and takes it back" do
    expect { generate("heap_periscope_agent:rake_task_tracker", "notes:greet") }
      .not_to(change { app.run!("bundle", "exec", "rake", "notes:greet[Ada]") })
    generate("heap_periscope_agent:rake_task_tracker", "notes:greet")
    expect(changed).to eq(["lib/tasks/heap_periscope_agent_task_notes-greet.rake"])

    receiver.forget
    expect(app.run!("bundle", "exec", "rake", "notes:greet[Ada]", "notes:count")).to match(/\Apong\nhello Ada\n\d+\n\z/)
    wait_for(%w[task notes:greet])
    expect(receiver.spans.transform_values { |sum| sum["calls"] }).to eq(%w[task notes:greet] => 1)

    destroy("heap_periscope_agent:rake_task_tracker", "notes:greet")
    expect(app.files).to eq(@fresh)

    output, status = app.run("ruby", "bin/rails", "generate", "heap_periscope_agent:rake_task_tracker", "no task")
    expect([status.exitstatus, output]).to match([1, /"no task" is no task name/])
  end

  it "lives with every file that the original gem 0.3.0 generated" do
    OriginalGem.generate(app.root)
    expect(changed.size).to eq(6)
    # What a user would change anyway: who listens.
    app.write("config/initializers/zz_receiver.rb",
              "HeapPeriscopeAgent.configure { |config| config.port = #{receiver.port}; config.interval = 0.5 }\n")

    with_server do |get, pid|
      wait_for(%w[controller NotesController#index], %w[model Note#create], &get)
      # A report may be made in the midst of an action, after its model was saved.
      spans = receiver.wait(what: "as many actions as models, with their objects") do
        receiver.spans(pid: pid).then do |sums|
          calls = [%w[controller NotesController#index], %w[model Note#create]].map { |span| sums.dig(span, "calls") }
          sums if calls.uniq.one? && sums.values.all? { |span| span["live_objects"] }
        end
      end
      expect(spans.values.map { |span| span["live_objects"].size }).to all(be_between(10, 20))
      expect(spans.dig(%w[controller NotesController#index], "calls")).to eq(spans.dig(%w[model Note#create], "calls"))
    end
    app.rails("runner", "PlainJob.perform_now")
    wait_for(%w[job PlainJob#perform])
    expect(app.run!("bundle", "exec", "rake", "notes:count")).to match(/^\d+$/)
    wait_for(%w[task notes:count], ["task", "rake notes:count"])
    with_sidekiq { wait_for(%w[job OldWorker#perform]) }
  end
end
