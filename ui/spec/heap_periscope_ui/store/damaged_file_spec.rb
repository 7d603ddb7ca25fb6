# frozen_string_literal: true

require_relative "../../ui_helper"

RSpec.describe "A damaged database file", :store do
  include_context "with its log kept"

  let(:file) { HeapPeriscopeUi.configuration.database }
  let(:page) { 4096 }
  let(:report) { SampleData.snapshot(SampleData.members.first, 0, HeapPeriscopeUi::Timestamps.now) }

  # @param pages [Range] those that a failing disk has left without sense
  def damage(pages)
    HeapPeriscopeUi.store.write(report)
    HeapPeriscopeUi::Store::Connection.with { |connection| connection.execute("PRAGMA wal_checkpoint(TRUNCATE)") }
    HeapPeriscopeUi::Store::Connection.reset!
    HeapPeriscopeUi.instance_variable_set(:@store, nil)
    size = File.size(file)
    File.open(file, "r+b") do |io|
      pages.each do |number|
        io.seek(number * page)
        io.write("\xFF" * page) if number * page < size
      end
    end
  end

  def collecting
    HeapPeriscopeUi.configuration.udp_port = 0
    runner = HeapPeriscopeUi::Collector::Runner.new(config: HeapPeriscopeUi.configuration, store: HeapPeriscopeUi.store, settle: false).start
    runner.wait_until_collecting(20)
    yield runner
  ensure
    runner&.stop
  end

  def eventually
    200.times { yield ? break : sleep(0.1) }
  end

  it "is named in the log, with what helps, and on Status while collecting goes on" do
    damage(2..400)
    collecting do |runner|
      5.times { UDPSocket.new.send(JSON.generate(report), 0, "127.0.0.1", runner.sockets.port) }
      eventually { log.string.include?("could not write") }
      expect(log.string.scan(/could not write.*is damaged; .*\.recover.* a new one is made/).size).to eq(1)
      expect(runner.describe).to include(last_error: /Corrupt.*is damaged/)
    end
  end

  it "is named on pages and by the API when it is no database at all" do
    damage(0..400)
    expect([UiApp.get("/").status, UiApp.get("/").body]).to match([503, include("is damaged")])
    expect(UiApp.get("/api/v1/processes").body).to include("is damaged")
    expect(UiApp.get("/health").status).to eq(503)
    expect(log.string).to include("is damaged")
  end

  it "is named on pages whose rows are damaged, in the middle of the page as well" do
    damage(2..400)
    ["/", "/leaks", "/status", "/api/v1/processes"].each { |path| expect([path, UiApp.get(path)]).to match([path, have_attributes(status: 503, body: include("is damaged"))]) }
  end

  it "advises nobody to move the application's own database away" do
    error = SQLite3::CorruptException.new("database disk image is malformed")
    expect(HeapPeriscopeUi::ErrorLine.of(error)).to include("a new one is made")
    HeapPeriscopeUi.configuration.database = :host
    expect(HeapPeriscopeUi::ErrorLine.of(error)).to end_with("gets out what can be read)")
  end
end
