# frozen_string_literal: true

require_relative "../support/demo_app_context"

# Real rake processes, in a Rails app and in a folder with nothing but a Rakefile.
RSpec.describe "Rake instrumentation", timeout: 300 do
  include_context "with the demo app"

  # Runs the command to its end.
  # @return [Array] output, exit status, and (calls, errors) by task
  def rake(*arguments, env: {}, command: "bin/rake")
    output, status = app.run(command, *arguments, env: env)
    sleep 0.2
    tasks = receiver.spans(pid: status.pid).select { |(type, _), _| type == "task" }
    [output, status.exitstatus, tasks.to_h { |(_, name), sum| [name, sum.values_at("calls", "errors")] }]
  end

  describe "in a Rails app" do
    it "reports a command and its short task, which does not load the app, before the process ends" do
      output, status, tasks = rake("shop:ping")
      expect([output, status]).to eq(["pong\n", 0])
      expect(tasks).to eq("rake shop:ping" => [1, 0], "shop:ping" => [1, 0])
      expect(receiver.reports.last).to include("type" => "goodbye", "service_name" => "Rake")
    end

    it "leaves arguments, prerequisites and output as they are, and keeps arguments out of the names" do
      output, status, tasks = rake("shop:nightly[7]", "shop:ping")
      expect([output, status]).to eq(["seeded 7\nopen: 9800\npong\n", 0])
      expect(tasks).to eq("rake shop:nightly shop:ping" => [1, 0], "environment" => [1, 0], "shop:seed" => [1, 0],
                          "shop:nightly" => [1, 0], "shop:ping" => [1, 0])
    end

    it "leaves exceptions and exit statuses as they are" do
      output, status, tasks = rake("shop:fail")
      plain, plain_status, nothing = rake("shop:fail", env: { "DEMO_INSTRUMENTATION" => "none" })
      expect(output.lines.grep(/aborted|always fails/)).to eq(plain.lines.grep(/aborted|always fails/)).and be_any
      expect([status, plain_status]).to eq([1, 1])
      expect(tasks).to include("rake shop:fail" => [1, 1], "shop:fail" => [1, 1])
      expect(nothing).to eq({})

      expect(rake("shop:quit")).to eq(["", 3, { "rake shop:quit" => [1, 1], "shop:quit" => [1, 1] }])
    end

    it "measures tasks that run through bin/rails" do
      _, status, tasks = rake("db:version", command: "bin/rails")
      expect(status).to eq(0)
      expect(tasks).to include("rake db:version" => [1, 0], "db:version" => [1, 0])
    end
  end

  describe "with a Rakefile of its own" do
    around { |example| Dir.mktmpdir("heap-periscope-rake") { |folder| Dir.chdir(folder) { example.run } } }

    def rake_alone(rakefile, *arguments)
      File.write("Rakefile", rakefile)
      env = { "HEAP_PERISCOPE_PORT" => receiver.port.to_s, "HEAP_PERISCOPE_VERBOSE" => "false" }
      output, status = Open3.capture2e(env, "bundle", "exec", "rake", *arguments)
      sleep 0.2
      [output, status.exitstatus, receiver.spans(pid: status.pid).transform_values { |sum| sum["calls"] }]
    end

    let(:tasks) do
      <<~RUBY
        task(:slow, [:word] => :prepare) { |task, args| puts args.word }
        task(:prepare) { puts "prepared" }
        task(all: %i[prepare slow])
        multitask(both: %i[prepare slow])
      RUBY
    end

    it "measures every task when enabled" do
      output, status, spans = rake_alone(<<~RUBY + tasks, "slow[hello]")
        require "heap_periscope_agent"
        HeapPeriscopeAgent::Integrations::Rake.enable
      RUBY
      expect([output, status]).to eq(["prepared\nhello\n", 0])
      expect(spans).to eq(["task", "rake slow"] => 1, %w[task slow] => 1, %w[task prepare] => 1)
    end

    it "reports a job worker, but as no command and no task, which it would be for days" do
      _, status, spans = rake_alone(<<~RUBY, "jobs:work[slow]")
        require "heap_periscope_agent"
        HeapPeriscopeAgent::Integrations::Rake.enable
        task(:prepare) { 1 }
        task("jobs:work", [:queue] => :prepare) { HeapPeriscopeAgent.span("job", "Import") { 1 } }
      RUBY
      expect([status, spans]).to eq([0, { %w[task prepare] => 1, %w[job Import] => 1 }])
      expect(receiver.reports.last).to include("type" => "goodbye")
    end

    it "reports a task of 50 ms whole" do
      _, status, spans = rake_alone(<<~RUBY, "short")
        require "heap_periscope_agent"
        HeapPeriscopeAgent::Integrations::Rake.track "short"
        task(:short) { sleep 0.05 }
      RUBY
      expect([status, spans]).to eq([0, { %w[task short] => 1 }])
      expect(receiver.reports.filter_map { |report| report.dig("payload", "living_objects_by_spans", "task", 0, "wall_ms") }.last)
        .to be_between(50, 5000)
    end

    it "measures single tasks that are tracked, defined before or after" do
      output, _, spans = rake_alone(<<~RUBY + tasks, "both")
        require "heap_periscope_agent"
        HeapPeriscopeAgent::Integrations::Rake.track "slow"
      RUBY
      expect(output.lines.map(&:chomp)).to contain_exactly("prepared", "")
      expect(spans).to eq(%w[task slow] => 1)
    end

    it "does not start an agent to list tasks" do
      output, status, spans = rake_alone(<<~RUBY + tasks, "-P")
        require "heap_periscope_agent"
        HeapPeriscopeAgent::Integrations::Rake.enable
      RUBY
      expect([status, spans]).to eq([0, {}])
      expect(output).to include("rake slow")
    end
  end
end
