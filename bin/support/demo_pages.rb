# frozen_string_literal: true

# Looks at every page of the running demo's dashboard as a visitor would: ruby demo_pages.rb DASHBOARD-URL FOLDER
# Writes a picture of each to the folder. Ends with 0 when all of them showed the data of all processes; else says, one
# sentence a line, what was missing, and ends with 1.
require "fileutils"
require "json"
require "net/http"
require_relative "../../ui/spec/support/watched_browser"

class DemoPages
  WAIT_S = 20
  CHARTS = "#{WatchedBrowser::COLORS.strip}.filter((colors) => colors > 2).length".freeze
  ROWS = ->(selector) { "document.querySelectorAll('#{selector} tbody th').length" }
  SERVICE_LINK = "document.querySelector('.crumbs a[href*=services]')?.getAttribute('href')"
  REFUSED = "[...document.querySelectorAll('[data-part=reasons] tr:has(.warn)')].map((row) => row.innerText)"
  SAYS = ->(text) { "document.querySelector('main').innerText.includes('#{text}')" }

  # @return [Array<String>] sentences
  attr_reader :missing

  def initialize(url, folder)
    @url = url
    @folder = folder
    @missing = []
    FileUtils.mkdir_p(folder)
  end

  def look
    processes
    @browser = WatchedBrowser.open
    overview
    worker = processes.select { |process| process["service_name"] == "Rails" }.max_by { |process| process["allocation_rate"].to_f }
    return missing unless worker

    of_process(worker["id"])
    sites(worker["id"])
    findings
    other_looks(worker["id"])
    missing
  rescue SystemCallError => e
    missing << "The dashboard at #{@url} does not answer: #{e.message}."
  ensure
    @browser&.quit
  end

  private

  def overview
    alive = processes.select { |process| process["state"] == "alive" }.map { |process| process["service_name"] }
    workers = alive.count("Rails")
    missing << "Puma's master and two workers should be alive, and of Rails there are #{workers}." if workers < 3
    missing << "Sidekiq does not report." if sidekiq? && !alive.include?("Sidekiq")
    page("overview", "/",
         "every living process has a row" => "document.querySelectorAll('.proc .is-alive').length >= #{alive.size}",
         "they tell their memory" => "[...document.querySelectorAll('.proc td[data-l=RSS]')].every((cell) => /\\d/.test(cell.innerText))")
  end

  def of_process(id)
    page("process", "/processes/#{id}",
         "five charts are drawn" => "#{CHARTS} >= 5", "classes are listed" => "#{ROWS["[data-part=classes]"]} >= 10",
         "events are listed" => "document.querySelectorAll('.log li').length > 0")
    service
    page("compare", "/compare?process=#{id}", "the two moments are marked" => "document.querySelectorAll('.ab-mark').length === 2",
                                              "classes are compared" => "#{ROWS[".c8"]} > 0")
  end

  # The sums of a service begin with its first full minute.
  def service
    soon?("!!#{SERVICE_LINK}", 130) { @browser.refresh }
    address = @browser.evaluate(SERVICE_LINK) or return missing << "The service of Rails has no page."
    page("service", address.delete_prefix(URI(@url).path),
         "five charts are drawn" => "#{CHARTS} >= 5", "its processes are listed" => "#{ROWS["[data-part=members]"]} >= 2")
  end

  def sites(id)
    page("allocation-sites", "/allocation_sites?process=#{id}", "sites are listed" => "#{ROWS["[data-part=sites]"]} > 0")
    page("retained-sites", "/retained_sites?process=#{id}",
         "sites are listed, or it says why there can be none" => "#{ROWS["[data-part=sites]"]} > 0 || #{SAYS["but not what stays"]}")
  end

  def findings
    page("spans", "/spans", "an action is listed" => SAYS["OrdersController"])
    page("spans-models", "/spans?type=model", "a model is listed" => SAYS["Order#create"])
    page("spans-jobs", "/spans?type=job", "a job is listed" => SAYS["Job#perform"])
    span
    page("leaks", "/leaks", "growth is suspected, or it says what that needs" => "!!document.querySelector('.say, .ghost, .first')")
    status
  end

  # A name's living objects are counted when it has its turn at the census, which is soon or late.
  def span
    path = "/spans?name=Api::OrdersController%23index"
    @browser.go_to("#{@url}#{path}")
    soon?("!!document.querySelector('.panel figure')", 130) { @browser.refresh }
    page("span", path, "its panel is there" => "!!document.querySelector('.panel .mini')",
                       "its living objects are drawn" => "#{CHARTS} >= 1")
  end

  def status
    page("status", "/status",
         "a collector is alive" => "!!document.querySelector('[data-part=collector] .is-alive')", "the stream is drawn" => "#{CHARTS} >= 1",
         "nothing was refused" => "!document.querySelector('[data-part=reasons] .warn')")
    missing.concat(@browser.evaluate(REFUSED).map { |row| "refused: #{row.split.join(" ")}; the program's log says where." })
  end

  # The same again by night and on a phone.
  def other_looks(id)
    WatchedBrowser.theme(@browser, "dark")
    page("overview-dark", "/", {})
    page("process-dark", "/processes/#{id}", "five charts are drawn" => "#{CHARTS} >= 5")
    WatchedBrowser.theme(@browser, "light")
    %w[/ /spans /leaks /status].push("/processes/#{id}").each do |path|
      WatchedBrowser.width(@browser, 390)
      page("phone-#{path[/[a-z]+/] || "overview"}", path, "it fits a phone" => "document.documentElement.scrollWidth === 390")
    end
  end

  # @param expected [Hash{String=>String}] what must be so => an expression that says whether it is
  def page(name, path, expected)
    @browser.go_to("#{@url}#{path}")
    expected.each { |what, expression| missing << "#{name}: not so that #{what}." unless soon?(expression) }
    missing << "#{name}: answered #{@browser.network.status}." unless @browser.network.status == 200
    @browser.evaluate(WatchedBrowser::FAULTS).each { |fault| missing << "#{name}: #{fault}." }
    @browser.screenshot(path: File.join(@folder, "#{name}.png"), full: true)
  rescue Ferrum::Error => e
    missing << "#{name}: #{e.class}: #{e.message}."
  end

  # Yields before it looks once more.
  def soon?(expression, seconds = WAIT_S)
    limit = clock + seconds
    until @browser.evaluate(expression)
      return false if clock > limit

      sleep 0.5
      yield if block_given?
    end
    true
  end

  # @return [Array<Hash>] the processes, as soon as the dashboard answers
  def processes
    limit = clock + WAIT_S
    begin
      @processes ||= JSON.parse(Net::HTTP.get(URI("#{@url}/api/v1/processes"))).fetch("processes")
    rescue SystemCallError
      raise if clock > limit

      sleep 0.5
      retry
    end
  end

  def sidekiq?
    !ENV["REDIS_URL"].to_s.empty?
  end

  def clock
    Process.clock_gettime(Process::CLOCK_MONOTONIC)
  end
end

url, folder = ARGV
missing = DemoPages.new(url, folder).look
pictures = Dir[File.join(folder, "*.png")].size
if missing.empty?
  puts "Every page showed the data; #{pictures} pictures are in #{folder}."
else
  warn "The pages did not show everything; #{pictures} pictures are in #{folder}.", *missing.map { |sentence| "- #{sentence}" }
  exit 1
end
