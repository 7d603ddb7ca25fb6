# frozen_string_literal: true

require "heap_periscope_agent/cli/receiving/datagram"
require_relative "../../../support/reports"

RSpec.describe HeapPeriscopeAgent::CLI::Datagram do
  include Reports

  def parse(bytes)
    described_class.parse(bytes, received_at: Time.now, from: "127.0.0.1:5000")
  end

  it "reads a report" do
    expect(parse(JSON.generate(snapshot))).to have_attributes(
      type: "snapshot", process_id: 4711, service_name: "Shop", host: "web-1", sequence: 1, part: 1, parts: 1,
      interval: 10.0, ruby: "3.4.9", source: "b6f8b1de-0000-4000-8000-000000004711"
    )
  end

  it "reads a report of version 0.3.0, which is told apart by process and address" do
    expect(parse(JSON.generate(original_snapshot)))
      .to have_attributes(instance: nil, sequence: nil, parts: 1, source: "99@127.0.0.1")
  end

  refused = {
    "not JSON" => ["", "{", "nil", "\x00\x01", %({"type":NaN}), "#{"[" * 50_000}#{"]" * 50_000}"],
    "not UTF-8" => [%({"type":"\xFF"})],
    "not an object" => ["[]", "1", "null", "\"x\"", "true"],
    "of an unknown type" => ["{}", %({"type":1}), %({"type":"snapshots"})],
    "without a process id" => [%({"type":"goodbye"}), %({"type":"goodbye","process_id":"1"}),
                               %({"type":"goodbye","process_id":-1}), %({"type":"goodbye","process_id":1#{"0" * 400}})],
    "without a payload" => [%({"type":"goodbye","process_id":1}), %({"type":"goodbye","process_id":1,"payload":[]})],
    "of impossible parts" => [%({"type":"goodbye","process_id":1,"payload":{},"part":2,"parts":1}),
                              %({"type":"goodbye","process_id":1,"payload":{},"part":0,"parts":1}),
                              %({"type":"goodbye","process_id":1,"payload":{},"part":1,"parts":9999})]
  }
  refused.each do |reason, messages|
    messages.each_with_index do |message, index|
      it "refuses what is #{reason} (#{index + 1})" do
        expect { parse(message) }.to raise_error(HeapPeriscopeAgent::CLI::RefusedDatagram, reason)
      end
    end
  end

  it "refuses a report cut off at any byte" do
    text = JSON.generate(snapshot)
    (0...text.bytesize).each do |length|
      expect { parse(text.byteslice(0, length)) }.to raise_error(HeapPeriscopeAgent::CLI::RefusedDatagram)
    end
  end

  it "takes added values of a wrong kind for absent" do
    wrong = { host: 1, instance: [], sequence: "1", interval: 1e300, ruby: { a: 1 }, service_name: nil, reported_at: 5 }
    expect(parse(JSON.generate(snapshot.merge(wrong)))).to have_attributes(
      host: nil, instance: nil, sequence: nil, interval: nil, ruby: nil, service_name: "?", reported_at: nil
    )
  end

  it "survives random changes of its bytes" do
    text = JSON.generate(snapshot(classes(Order: [1, 2, false])))
    random = Random.new(RSpec.configuration.seed)
    outcomes = Array.new(1000) do
      bytes = text.b
      random.rand(1..5).times { bytes.setbyte(random.rand(bytes.bytesize), random.rand(256)) }
      parse(bytes) && :read
    rescue HeapPeriscopeAgent::CLI::RefusedDatagram
      :refused
    end
    expect(outcomes.tally.keys).to contain_exactly(:read, :refused)
  end
end
