# frozen_string_literal: true

require "spec_helper"
require "heap_periscope_agent"
require "tmpdir"
require_relative "../support/watched_browser"

# speedscope itself, from npm, in a browser. The file it opens is given to it as its own command line program does.
RSpec.describe "A pprof export", timeout: 120 do
  folder = File.expand_path("../../node_modules/speedscope/dist/release", __dir__)
  rows = [{ class_name: "String", objects: 1200, stack: ["app/cart.rb:41 in Cart#add", "Array#map (C)", "bin/shop:3 in <main>"] },
          { class_name: "Hash", objects: 300, stack: ["app/order.rb:7 in Order#sum", "bin/shop:3 in <main>"] }]

  let(:export) { HeapPeriscopeAgent::Exporters::Pprof.new(rows, retained: [], seconds: 10, time: Time.at(1_700_000_000)).to_s }
  let(:browser) { WatchedBrowser.open }

  after { browser.quit }

  # @return [String] what the page says, once that has these words
  def page_with(words)
    100.times do
      text = browser.evaluate("document.body.innerText")
      return text if text.include?(words)

      sleep 0.1
    end
    raise "the page never said #{words}"
  end

  it "is opened by speedscope, with every function and its objects" do
    Dir.mktmpdir do |directory|
      script = File.join(directory, "profile.js")
      File.write(script, "speedscope.loadFileFromBase64(\"shop.pb.gz\", \"#{[export].pack("m0")}\")")
      browser.go_to("file://#{folder}/index.html#localProfilePath=#{script}")
      page_with("shop.pb.gz")
      browser.keyboard.type("3") # the table of functions
      expect(page_with("<main>").split(/[\t\n]+/).each_cons(3).to_a)
        .to include(["1,500 (100%)", "0 (<0.01%)", "<main>"], ["1,200 (80%)", "1,200 (80%)", "Cart#add"], ["300 (20%)", "300 (20%)", "Order#sum"])
    end
  end
end
