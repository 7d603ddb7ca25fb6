# frozen_string_literal: true

# How large the store gets and how long its pages take: by default 100 processes that report every 10 s for 30 days, 26 M reports.
#   bin/exec ruby benchmark/pages.rb [processes] [days] [FILE or URL of a database, empty or filled by an earlier run]
ENV["RAILS_ENV"] = "production"
require_relative "support/bench"
require "tmpdir"
require "rails"
require "heap_periscope_ui"
require_relative "support/past"

processes = Integer(ARGV[0] || 100)
days = Integer(ARGV[1] || 30)
directory = Dir.mktmpdir("heap-periscope-bench")
at_exit { FileUtils.rm_rf(directory) }

HeapPeriscopeUi.configure do |config|
  config.database = ARGV[2] || File.join(directory, "past.sqlite3")
  config.collect = false
  config.access = ->(_request) { true }
end
application = Class.new(Rails::Application) do
  config.root = directory
  config.eager_load = true
  config.logger = ActiveSupport::Logger.new(File::NULL)
  config.secret_key_base = "only for benchmarks " * 4
  config.hosts.clear
  routes.append { mount HeapPeriscopeUi::Engine => "/heap_periscope" }
end.initialize!
HeapPeriscopeUi::Store::Connection.ready!

past = Bench::Past.new(processes: processes, days: days)
seeding = HeapPeriscopeUi::ObservedProcess.exists? ? 0 : Bench.measure { past.write }[:wall]
size = HeapPeriscopeUi::DatabaseSize.call
Bench.heading("#{processes} processes, #{days} days, a report every 10 s: #{format("%.1f",
                                                                                   past.reports / 1e6)} M reports, seeded in #{seeding.round} s")
Bench.table([%w[kept rows], *size[:levels].map { |level| [level[:name], level[:rows]] }, ["names", size[:names][:rows]],
             ["database, GB", format("%.2f", size[:bytes] / (1024.0**3))]])
Bench.bar("the database at most 2 GB", size[:bytes] <= 2 * (1024**3))

# The server's time for one request, the store's file in the system's cache as with a running collector.
def seconds(application, path)
  time = Bench.measure { @answer = Rack::MockRequest.new(application).get("/heap_periscope#{path}") }[:wall]
  abort "#{path} answered #{@answer.status}: #{@answer.body[0, 500]}" unless @answer.status == 200
  time
end

random = Random.new(1)
ids = HeapPeriscopeUi::ObservedProcess.ids
services = HeapPeriscopeUi::ObservedService.ids
# The pages' clock stands where what is stored ends, so that their last hour is full whenever this runs.
now = HeapPeriscopeUi::TwoHourSample.maximum(:at) + HeapPeriscopeUi::Levels::TWO_HOURS.step_ms
HeapPeriscopeUi::Timestamps.define_singleton_method(:now) { now }
process = -> { ids.sample(random: random) }
ranges = %w[15m 1h 6h 24h 7d 30d]
ago = -> { now - random.rand((days - 1) * 86_400_000) }
metrics = HeapPeriscopeUi::ProcessPage::METRICS.join(",")
pages = { "overview" => ->(_) { "/" } }
ranges.each do |range|
  pages["process, #{range}"] = ->(_) { "/processes/#{process.call}?range=#{range}" }
  pages["its charts, #{range}"] = ->(_) { "/processes/#{process.call}/charts/metrics?metric=#{metrics}&range=#{range}" }
  pages["spans of a process, #{range}"] = ->(_) { "/spans?process=#{process.call}&range=#{range}" }
end
pages.merge!(
  "service, 24h" => ->(_) { "/services/#{services.sample(random: random)}?range=24h" },
  "its classes over time, 24h" => ->(_) { "/services/#{services.sample(random: random)}/charts/classes?range=24h&top=20" },
  "service, 30d" => ->(_) { "/services/#{services.sample(random: random)}?range=30d" },
  "spans, all services, 24h" => ->(_) { "/spans?range=24h" },
  "compare" => ->(_) { "/compare?process=#{process.call}&from=#{ago.call}" },
  "allocation sites, 24h" => ->(_) { "/allocation_sites?process=#{ids.first(10).sample(random: random)}&range=24h" },
  "retained sites" => ->(_) { "/retained_sites?process=#{ids.first(10).sample(random: random)}" },
  "leaks" => ->(_) { "/leaks" }, "status" => ->(_) { "/status" },
  "API: processes" => ->(_) { "/api/v1/processes" },
  "API: a series of 30 days" => ->(_) { "/api/v1/processes/#{process.call}/series?metric=heap_live_slots&range=30d" },
  "API: classes at a moment" => ->(_) { "/api/v1/processes/#{process.call}/classes?at=#{ago.call}" },
  "API: class history, 7d" => ->(_) { "/api/v1/processes/#{process.call}/class_history?range=7d&top=20" },
  "API: live" => ->(_) { "/api/v1/live?process=#{process.call}&metric=rss_bytes" }
)

rows = [["server time", "p50", "p95"]]
worst = pages.map do |name, path|
  3.times { seconds(application, path.call(nil)) }
  times = Array.new(30) { seconds(application, path.call(nil)) }
  rows << [name, Bench.ms(Bench.median(times)), Bench.ms(Bench.quantile(times, 0.95))]
  Bench.quantile(times, 0.95)
end.max
Bench.table(rows)
Bench.bar("every page at most 200 ms at p95", worst <= 0.2)
Bench.finish
