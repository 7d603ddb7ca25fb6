# frozen_string_literal: true

require_relative "../support/demo_app"
require_relative "../support/datagram_receiver"

# What instrumented controllers, records and jobs do, asked inside a real app (one `rails runner`, with reloading on).
RSpec.describe "Spans in a Rails app", timeout: 300 do
  before(:all) do
    @receiver = DatagramReceiver.new
    app = DemoApp.new(@receiver, "DEMO_RELOADING" => "1").prepare
    output = app.run!("bin/rails", "runner", File.expand_path("../fixtures/rails_spans.rb", __dir__))
    @answers = JSON.parse(output.lines.last)
  ensure
    app&.close
  end

  after(:all) { @receiver.close }

  def answer(question) = @answers.fetch(question)

  def sums(question)
    answer(question).fetch("spans").to_h { |span| [[span["type"], span["name"]], span.values_at("calls", "errors")] }
  end

  describe "records" do
    it "counts create, update and destroy, of the record and of what it saves along" do
      expect(sums("saves")).to eq(%w[model Order#create] => [1, 0], %w[model LineItem#create] => [2, 0],
                                  %w[model Order#update] => [2, 0], %w[model Order#destroy] => [1, 0])
      expect(answer("saves")["value"]).to eq([true, true, true, true])
    end

    it "leaves results and exceptions of callbacks and validations as they are" do
      expect(answer("refusals")["value"]).to eq([false, "ActiveRecord::RecordInvalid", false, false, "ActiveRecord::RecordNotSaved"])
      expect(sums("refusals")).to eq(%w[model Order#create] => [4, 2], %w[model Order#destroy] => [1, 0])
    end

    it "counts saves that a transaction takes back" do
      expect(answer("rollback")["value"]).to eq([0, "StandardError", 0])
      expect(sums("rollback")).to eq(%w[model Order#create] => [2, 0])
    end

    it "does not see bulk methods" do
      expect(answer("bulk")["value"]).to eq([2, 2])
      expect(sums("bulk")).to eq({})
    end
  end

  describe "controllers" do
    it "passes the action's result and exceptions through" do
      expect(answer("controllers")["value"]).to eq([200, "RuntimeError", 404, 200])
      expect(sums("controllers"))
        .to eq(%w[controller PagesController#home] => [1, 0], %w[controller Api::OrdersController#failure] => [1, 1],
               %w[controller SwitchesController#update] => [1, 0], %w[controller RescuingController#index] => [1, 0])
    end

    it "measures a live stream to its end, with what fails in the middle, and a lazy body without its end" do
      expect(answer("streams")["value"]).to match(["xxx", /\Ax/, "xx"])
      expect(sums("streams"))
        .to eq(%w[controller StreamingController#index] => [1, 0], %w[controller StreamingController#failing] => [1, 1],
               %w[controller StreamingController#lazy] => [1, 0])
      expect(answer("streams")["spans"].find { |span| span["name"].end_with?("#index") }["wall_ms"]).to be >= 60
    end

    it "hooks once, however often the app's code is loaded anew" do
      expect(answer("reloads")["value"]).to eq([[1, 1, 1], true])
      expect(sums("reloads"))
        .to eq(%w[controller PagesController#home] => [3, 0], %w[model Order#create] => [3, 0])
    end
  end

  describe "jobs of Active Job" do
    it "counts every attempt, also those that are tried again or discarded" do
      expect(answer("jobs")["value"]).to eq(["done", "RuntimeError", nil])
      expect(sums("jobs")).to eq(%w[job PlainJob#perform] => [1, 0], %w[job RaisingJob#perform] => [1, 1],
                                 %w[job DiscardingJob#perform] => [1, 1])
    end

    it "measures them with the adapters that need no server" do
      expect(sums("adapters")).to eq(%w[job PlainJob#perform] => [2, 0])
    end

    it "counts a job that runs another of its class inside" do
      expect(sums("nested job")).to eq(%w[job NestedJob#perform] => [3, 0])
    end

    it "measures a tracked job once, and without the option too" do
      expect(answer("tracked job")["value"]).to eq([3, 3])
      expect(sums("tracked job")).to eq(%w[job TrackedJob#perform] => [2, 0])
    end
  end

  it "logs through Rails.logger, when verbose" do
    expect(answer("log")["value"]).to include("WARN", "spoken")
    expect(answer("log")["value"]).not_to include("swallowed")
  end

  it "follows the options while it runs" do
    expect(sums("switched off")).to eq({})
  end
end
