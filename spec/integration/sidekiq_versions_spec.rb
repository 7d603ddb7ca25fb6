# frozen_string_literal: true

require "bundler"
require "open3"
require "rbconfig"
require_relative "../support/child"
require_relative "../support/gem_folder"
require_relative "../support/redis_server"
require_relative "../support/datagram_receiver"

# Real servers of earlier Sidekiqs than that of the bundle, which sidekiq_spec.rb runs (7.3 on Ruby 3.1, 8 on Ruby 3.3).
RSpec.describe "Sidekiq instrumentation", timeout: 300 do
  root = File.expand_path("../..", __dir__)
  jobs = File.expand_path("../fixtures/sidekiq_jobs.rb", __dir__)

  let(:redis) { RedisServer.new }
  let(:receiver) { DatagramReceiver.new }

  after do
    Child.stop(@server) if @server
    redis.close
    receiver.close
  end

  # The folder's gems before those of the bundle, which has Active Job.
  def env(folder, hook)
    { "JOBS_BY" => hook, "GEM_PATH" => "#{folder}:#{ENV.fetch("GEM_HOME")}", "REDIS_URL" => redis.url, "HEAP_PERISCOPE_VERBOSE" => "false",
      "HEAP_PERISCOPE_PORT" => receiver.port.to_s, "HEAP_PERISCOPE_INTERVAL" => "0.5" }
  end

  [["6.5", nil], ["7.0", "middleware"], ["7.0", "both"]].each do |version, hook|
    it "reports every class of a thousand jobs at concurrency 10, each once, on #{version}, measured by #{hook || "the processor"}" do
      folder = GemFolder.of("sidekiq[#{version}]")
      ruby = [RbConfig.ruby, "-I", File.join(root, "lib"), "-e"]
      load_it = "gem 'sidekiq', '~> #{version}.0'; require 'sidekiq'; "

      Bundler.with_unbundled_env do
        output, status = Open3.capture2e(env(folder, hook), *ruby, "#{load_it} load #{jobs.inspect}")
        expect(status).to be_success, output
        expect(output.lines.last).to start_with(version)
        @server = Process.spawn(env(folder, hook), *ruby, "#{load_it} load Gem.bin_path('sidekiq', 'sidekiq')", "--",
                                "--require", jobs, "--concurrency", "10", %i[out err] => File::NULL)
      end

      receiver.wait(120, what: "the spans of 1000 jobs") { receiver.spans.values.sum { |sum| sum["calls"] } >= 1000 }
      expect(receiver.spans.transform_values { |sum| sum.values_at("calls", "errors") })
        .to eq(%w[job ReportJob#perform] => [400, 0], %w[job Billing::InvoiceJob#perform] => [300, 0],
               %w[job FailingJob#perform] => [50, 50], %w[job ImportJob#perform] => [250, 0])
      expect(receiver.reports.last["service_name"]).to eq("Sidekiq")
    end
  end
end
