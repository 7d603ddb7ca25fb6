# frozen_string_literal: true

# Load for the demo shop:
#   ruby demo/load.rb --url http://127.0.0.1:3000 --rate 40 --seconds 60 --leaks class_array,subscriber
require "json"
require "net/http"
require "optparse"
require "uri"

# Sends a mix of requests at a steady rate from a few threads and counts the answers by status.
class Load
  MIX = [
    [:get, "/api/orders?limit=50", 30], [:post, "/api/orders", 20], [:get, "/", 10], [:get, "/api/export", 3],
    [:post, "/api/jobs/import", 2], [:post, "/api/jobs/report", 3], [:get, "/api/failure", 1]
  ].freeze
  LEAK_WEIGHT = 15

  attr_reader :statuses

  def initialize(url:, rate:, seconds:, leaks:, threads:)
    @uri = URI(url)
    @rate = rate
    @seconds = seconds
    @leaks = leaks
    @threads = threads
    @statuses = Hash.new(0)
    @lock = Mutex.new
    weighted = MIX + leaks.map { |kind| [:get, "/leaks/#{kind}", LEAK_WEIGHT] }
    @mix = weighted.flat_map { |verb, path, weight| [[verb, path]] * weight }
  end

  def run
    @leaks.each { |kind| open_connection { |http| request(http, :patch, "/switches/#{kind}.json") } }
    deadline = now + @seconds
    Array.new(@threads) { Thread.new { work(deadline) } }.each(&:join)
    @statuses
  end

  private

  def work(deadline)
    pause = @threads / @rate
    while now < deadline
      begin
        open_connection { |http| work_on(http, deadline, pause) }
      rescue SystemCallError, IOError, Timeout::Error => e
        count(e.class.name)
        sleep 0.5
      end
    end
  end

  def work_on(http, deadline, pause)
    due = now
    while now < deadline
      count(request(http, *@mix.sample))
      due += pause
      sleep(due - now) if due > now
    end
  end

  def request(http, verb, path)
    http.send_request(verb.to_s.upcase, path, verb == :get ? nil : "", { "Accept" => "*/*" }).code
  end

  def open_connection(&)
    Net::HTTP.start(@uri.host, @uri.port, open_timeout: 5, read_timeout: 30, &)
  end

  def count(status)
    @lock.synchronize { @statuses[status] += 1 }
  end

  def now
    Process.clock_gettime(Process::CLOCK_MONOTONIC)
  end
end

if $PROGRAM_NAME == __FILE__
  options = { url: "http://127.0.0.1:3000", rate: 40.0, seconds: 60.0, leaks: [], threads: 4 }
  OptionParser.new do |parser|
    parser.on("--url URL", "the shop (default #{options[:url]})") { |value| options[:url] = value }
    parser.on("--rate N", Float, "requests a second over all threads (default 40)") { |value| options[:rate] = value }
    parser.on("--seconds N", Float, "how long (default 60)") { |value| options[:seconds] = value }
    parser.on("--threads N", Integer, "connections at once (default 4)") { |value| options[:threads] = value }
    parser.on("--leaks A,B", Array, "leaks to switch on and to visit (default none)") do |value|
      options[:leaks] = value
    end
  end.parse!
  puts JSON.generate(Load.new(**options).run)
end
