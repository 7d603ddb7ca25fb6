# frozen_string_literal: true

require_relative "../support/demo_app"
require_relative "../support/redis_server"
require_relative "../support/datagram_receiver"

# A real Sidekiq with a Redis of its own, running the demo app's jobs.
RSpec.describe "Sidekiq instrumentation", timeout: 300 do
  before(:all) do
    @redis = RedisServer.new
    @receiver = DatagramReceiver.new
    @app = DemoApp.new(@receiver, "REDIS_URL" => @redis.url).prepare
  end

  after(:all) do
    @app.close
    @receiver.close
    @redis.close
  end

  let(:receiver) { @receiver }
  let(:app) { @app }

  def enqueue
    app.run!("bin/rails", "runner", File.expand_path("../fixtures/enqueue_jobs.rb", __dir__),
             env: { "HEAP_PERISCOPE_ENABLED" => "false" })
  end

  def sidekiq(env = {})
    app.spawn("bundle", "exec", "sidekiq", "-c", "10", env: env)
  end

  def jobs(pid)
    receiver.spans(pid: pid).select { |(type, _), _| type == "job" }.transform_keys(&:last)
  end

  it "reports every class of a thousand jobs at concurrency 10, each once" do
    enqueue
    pid = sidekiq
    receiver.wait(120, what: "the spans of 1000 jobs") { jobs(pid).values.sum { |sum| sum["calls"] } >= 1000 }
    sums = jobs(pid).transform_values { |sum| sum.values_at("calls", "errors") }
    expect(sums).to eq("ReportJob#perform" => [400, 0], "Billing::InvoiceJob#perform" => [300, 0],
                       "FailingJob#perform" => [50, 50], "ImportJob#perform" => [250, 0])
    expect(receiver.of(pid: pid).last["service_name"]).to eq("Sidekiq")

    app.stop(pid)
    receiver.wait(what: "Sidekiq's goodbye") { receiver.of(pid: pid).any? { |report| report["type"] == "goodbye" } }
  end

  it "measures a tracked class alone where job instrumentation is off" do
    enqueue
    pid = sidekiq("DEMO_INSTRUMENTATION" => "none")
    receiver.wait(120, what: "the spans of 300 tracked jobs") { jobs(pid).values.sum { |sum| sum["calls"] } >= 300 }
    expect(jobs(pid).keys).to eq(["Billing::InvoiceJob#perform"])
    app.stop(pid)
  end
end
