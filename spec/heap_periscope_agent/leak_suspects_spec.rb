# frozen_string_literal: true

require "heap_periscope_agent"
require "logger"
require "stringio"
require "support/datagram_receiver"

RSpec.describe HeapPeriscopeAgent::LeakSuspects do
  # A class of its own for each example: the detector remembers.
  let(:leaked) { "LeakedOrder#{rand(1_000_000_000)}" }

  before { stub_const(leaked, Struct.new(:number)) }

  around do |example|
    before = HeapPeriscopeAgent.configuration
    HeapPeriscopeAgent.configuration = HeapPeriscopeAgent::Configuration.new({})
    HeapPeriscopeAgent.configure do |config|
      config.interval = 0.1
      config.port = 9
      config.verbose = false
      config.enable_allocation_sampling = true
      config.census_budget = 1.0
    end
    example.run
  ensure
    HeapPeriscopeAgent.stop while HeapPeriscopeAgent.running?
    HeapPeriscopeAgent.configuration = before
  end

  # Keeps a hundred orders at a time, with full collections between, until the block is content.
  def leak_until
    kept = []
    deadline = Process.clock_gettime(Process::CLOCK_MONOTONIC) + 90
    until (answer = yield)
      raise "nothing was suspected" if Process.clock_gettime(Process::CLOCK_MONOTONIC) > deadline

      100.times { |number| kept << Object.const_get(leaked).new(number) }
      4.times { GC.start }
      sleep 0.02
    end
    answer
  end

  def suspect = HeapPeriscopeAgent.leak_suspects.find { |one| one[:class_name] == leaked }

  it "knows nothing before the reporter has looked" do
    expect(fresh_process("p HeapPeriscopeAgent.leak_suspects, HeapPeriscopeAgent.snapshot.key?(:leak_suspects)"))
      .to eq "[]\nfalse\n"
  end

  def fresh_process(code)
    IO.popen([RbConfig.ruby, "-I", File.expand_path("../../lib", __dir__), "-rheap_periscope_agent", "-e", code],
             &:read)
  end

  it "names what leaks, how fast, since when and in a sentence" do
    HeapPeriscopeAgent.start
    began = Time.now
    found = leak_until { suspect }

    expect(found).to include(confidence: eq(:low).or(eq(:medium)).or(eq(:high)), objects_per_hour: a_value > 1_000,
                             objects_per_hour_error: a_value >= 0, bytes_per_hour: a_value > 40_000,
                             count: a_value >= 500, bytes: a_value >= 500 * 40,
                             sites: an_instance_of(Array), spans: an_instance_of(Array), stack: an_instance_of(Array),
                             sentence: a_string_matching(/\A`#{leaked}` .*grows? by [\d ]+ ± [\d ]+ objects an hour \(/))
    expect(found[:since]).to be_between(began - 1, Time.now)
  end

  it "sends what it names" do
    HeapPeriscopeAgent.start
    leak_until { suspect }
    sent = HeapPeriscopeAgent.snapshot[:leak_suspects].find { |one| one[:class_name] == leaked }

    expect(sent.keys).to contain_exactly(:class_name, :confidence, :objects_per_hour, :objects_per_hour_error,
                                         :bytes_per_hour, :bytes_per_hour_error, :since, :count, :bytes, :sites, :spans,
                                         :stack, :sentence)
    expect(sent[:since]).to match(/\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\z/)
  end

  it "adds its section to the snapshots, and keeps the census it takes for itself" do
    receiver = DatagramReceiver.new
    HeapPeriscopeAgent.configure { |config| config.port = receiver.port }
    HeapPeriscopeAgent.start
    leak_until { suspect }
    told = receiver.wait(what: "a suspect") do |reports|
      reports.find { |report| report.dig("payload", "leak_suspects")&.any? { |one| one["class_name"] == leaked } }
    end

    expect(receiver.reports.count { |report| report["payload"].key?("living_objects_by_class") }).to eq 0
    expect(told["type"]).to eq("snapshot").or eq("snapshot_part")
  ensure
    receiver&.close
  end

  it "calls back from the reporter's thread, once for each level" do
    calls = Queue.new
    HeapPeriscopeAgent.configure { |config| config.on_leak_suspect = ->(one) { calls << [one, Thread.current.name] } }
    HeapPeriscopeAgent.start
    seen = []
    leak_until do
      seen << calls.pop until calls.empty?
      seen.any? { |one, _| one[:class_name] == leaked && one[:confidence] != :low }
    end

    expect(seen.map(&:last).uniq).to eq ["heap_periscope"]
    expect(seen.map { |one, _| one.values_at(:class_name, :confidence) }.tally.values).to all(eq(1))
  end

  it "outlives a callback that raises, and says so once" do
    log = StringIO.new
    count = 0
    HeapPeriscopeAgent::Log.reset
    HeapPeriscopeAgent.configure do |config|
      config.verbose = true
      config.logger = Logger.new(log)
      config.on_leak_suspect = lambda do |_|
        count += 1
        raise NotImplementedError, "no pager"
      end
    end
    HeapPeriscopeAgent.start
    leak_until { count > 1 }

    expect(HeapPeriscopeAgent.running?).to be true
    expect(log.string.scan("on_leak_suspect raised no pager (NotImplementedError)").size).to eq 1
  end

  it "forgets its parent's suspicions in a forked child" do
    HeapPeriscopeAgent.start
    leak_until { suspect }
    reader, writer = IO.pipe
    pid = fork do
      writer.write(HeapPeriscopeAgent.leak_suspects.size.to_s)
      writer.close
      exit!(0)
    end
    writer.close
    Process.wait(pid)

    expect(reader.read).to eq "0"
  end
end
