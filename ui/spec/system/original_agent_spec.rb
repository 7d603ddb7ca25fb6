# frozen_string_literal: true

require "spec_helper"
require "support/gem_folder"
require "tempfile"
require_relative "../support/sample_data"
require_relative "../support/system_dashboard"

# The gem this project took its name from, installed from the registry into a folder of its own.
RSpec.describe "An agent of the original gem 0.3.0 beside ours", timeout: 180 do
  PROGRAM = <<~RUBY
    require "heap_periscope_agent"
    abort "this is not the original" unless HeapPeriscopeAgent::VERSION == "0.3.0"
    HeapPeriscopeAgent.configure do |config|
      config.host = "127.0.0.1"
      config.port = Integer(ENV.fetch("UDP_PORT"))
      config.interval = 1
      config.service_name = "original"
      config.enable_detailed_objects = true
    end
    HeapPeriscopeAgent.start
    $stdin.read
  RUBY

  it "appears on the overview and has a page with charts and classes" do
    ours = SampleData.members(1).first
    ours.service = "ours"
    ours.pid = 65_001
    dashboard.hear(SampleData.snapshot(ours, 0, HeapPeriscopeClock.now))
    log = Tempfile.new("original")
    environment = { "UDP_PORT" => dashboard.udp_port.to_s, "RUBYOPT" => nil, "RUBYLIB" => nil, "BUNDLE_GEMFILE" => nil }
    pipe = IO.popen([environment, RbConfig.ruby, "-I", GemFolder.of("rival:install"), "-e", PROGRAM, { err: log.path, out: log.path }], "w")
    visit
    wait_for("both on the overview: #{log.path}", seconds: 60) { (%w[original ours] - texts(".svc .nm")).empty? }
    expect(texts(".proc th a")).to include(pipe.pid.to_s)
    click_text(".proc th a", pipe.pid.to_s)
    wait_for("its page") { text("h1") == "Process #{pipe.pid}" }
    wait_for("a few snapshots", seconds: 30) { js("document.querySelector('figure').dataset.points").to_i >= 3 }
    expect(canvas_colors.first).to be > 2
    wait_for("its classes") { texts("[data-part=classes] tbody th").include?("String") }
    expect(texts("[data-part=gc_stat] dt")).to include("heap_live_slots")
    expect(text("[data-part=pools]")).to include("reports no slot pools")
    shot("original-agent")
  ensure
    pipe&.close
    log&.close!
  end
end
