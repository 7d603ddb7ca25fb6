# frozen_string_literal: true

require "fileutils"
require "json"
require "open3"
require "socket"
require "tmpdir"
require_relative "heap_periscope_clock"
require_relative "watched_browser"

# One running dashboard, or more.
class RunningDashboard
  SERVER = File.expand_path("dashboard_server.rb", __dir__)

  attr_reader :url, :udp_port

  # @param minutes [Integer] of history
  def initialize(minutes)
    @folder = Dir.mktmpdir("heap-periscope-system")
    @log = File.join(@folder, "server.log")
    @input, output, @waiter = Open3.popen2(RbConfig.ruby, SERVER, File.join(@folder, "ui.sqlite3"), minutes.to_s, err: @log)
    line = output.gets or raise "the dashboard did not start:\n#{File.read(@log).lines.last(30).join}"
    @url, @udp_port = JSON.parse(line).values_at("url", "udp_port")
    @socket = UDPSocket.new
  end

  # Sends what an agent would send.
  def hear(*messages)
    messages.flatten.each { |message| @socket.send(JSON.generate(message), 0, "127.0.0.1", udp_port) }
  end

  def log
    File.read(@log)
  end

  def stop
    @input.close
    @waiter.value
    FileUtils.remove_entry(@folder)
  end
end

# The dashboard with some minutes of history and the browser that all system specs share.
module SystemDashboard
  SHOTS = File.expand_path("../../tmp/screenshots", __dir__)

  module_function

  def server
    @server ||= RunningDashboard.new(23)
  end

  def browser
    @browser ||= begin
      FileUtils.mkdir_p(SHOTS)
      browser = WatchedBrowser.open
      browser.on(:dialog) { |dialog, *| dialogs << dialog.message and dialog.accept }
      browser
    end
  end

  # @return [Array<String>] messages of the dialogs that opened
  def dialogs
    @dialogs ||= []
  end

  def close
    @browser&.quit
    @server&.stop
    @browser = @server = nil
  end
end

# For `type: :system` groups.
module SystemHelpers
  def dashboard
    SystemDashboard.server
  end

  def browser
    SystemDashboard.browser
  end

  def visit(path = "/", base: dashboard.url)
    browser.go_to("#{base}#{path}")
  end

  def js(expression, *arguments)
    browser.evaluate(expression, *arguments)
  end

  def text(selector = "main")
    js("document.querySelector(#{selector.to_json})?.innerText || ''").tr("\u202f\u00a0", "  ")
  end

  def texts(selector)
    js("[...document.querySelectorAll(#{selector.to_json})].map((element) => element.innerText)").map do |text|
      text.tr("\u202f\u00a0", "  ")
    end
  end

  def click(selector)
    wait_for("#{selector} to be there") { browser.at_css(selector) }
    js("document.querySelector(#{selector.to_json}).click()")
  end

  def click_text(selector, wanted)
    found = js(<<~SCRIPT)
      (() => {
        const one = [...document.querySelectorAll(#{selector.to_json})].find((element) => element.innerText.trim().startsWith(#{wanted.to_json}));
        one?.click();
        return !!one;
      })()
    SCRIPT
    raise "there is no #{selector} with #{wanted}" unless found
  end

  def type(selector, value)
    element = browser.at_css(selector)
    element.focus
    js("document.querySelector(#{selector.to_json}).value = ''")
    element.type(value)
  end

  # @return [Object] what the block answered at last
  def wait_for(what, seconds: 20)
    limit = Process.clock_gettime(Process::CLOCK_MONOTONIC) + seconds
    loop do
      result = begin
        yield
      rescue Ferrum::NodeNotFoundError, Ferrum::JavaScriptError
        nil
      end
      return result if result
      if Process.clock_gettime(Process::CLOCK_MONOTONIC) > limit
        raise "waited #{seconds} s for #{what}; the page says:\n#{text.lines.first(40).join}"
      end

      sleep 0.1
    end
  end

  def wait_for_charts(count)
    wait_for("#{count} charts") { js("[...document.querySelectorAll('figure[data-points] canvas')].length") >= count }
  end

  # @return [Array<Integer>] how many colours each canvas has, beside nothing
  def canvas_colors
    js(WatchedBrowser::COLORS)
  end

  def shot(name)
    browser.screenshot(path: File.join(SystemDashboard::SHOTS, "#{name}.png"), full: true)
  end

  def faults
    js(WatchedBrowser::FAULTS)
  end

  # @return [Integer] id of a seeded process
  def id_of(pid)
    visit
    wait_for("the process #{pid}") do
      js("[...document.querySelectorAll('.proc th a')].find((link) => link.innerText === '#{pid}')?.getAttribute('href')")
    end[%r{\d+\z}].to_i
  end

  def width(pixels)
    WatchedBrowser.width(browser, pixels)
  end
end

RSpec.configure do |config|
  config.include SystemHelpers, type: :system
  config.define_derived_metadata(file_path: %r{/ui/spec/system/}) { |metadata| metadata[:type] = :system }
  config.before(:each, type: :system) do
    SystemDashboard.dialogs.clear
    width(1440)
  end
  config.after(:each, type: :system) do
    expect(faults).to eq([])
    browser.page.command("Emulation.clearDeviceMetricsOverride")
    browser.cookies.clear
  end
  config.after(:suite) { SystemDashboard.close }
end
