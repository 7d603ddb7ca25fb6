# frozen_string_literal: true

require "support/sampled_program"
require "heap_periscope_agent"

RSpec.describe HeapPeriscopeAgent::AllocationSampling do
  it "says what it takes" do
    expect { HeapPeriscopeAgent.allocation_sites(by: :line) }
      .to raise_error(ArgumentError, "by must be one of :site, :class, :span, not :line")
    [-1, nil, 1.5].each do |limit|
      message = "limit must be an Integer of at least 0, not #{limit.inspect}"
      expect { HeapPeriscopeAgent.allocation_sites(limit: limit) }.to raise_error(ArgumentError, message)
      expect { HeapPeriscopeAgent.retained_sites(limit: limit) }.to raise_error(ArgumentError, message)
      expect { HeapPeriscopeAgent.allocation_stacks(limit: limit) }.to raise_error(ArgumentError, message)
    end
  end

  it "knows nothing where sampling never ran" do
    result = SampledProgram.run(<<~RUBY)
      answer(status: HeapPeriscopeAgent.allocation_sampling, sites: HeapPeriscopeAgent.allocation_sites, retained: HeapPeriscopeAgent.retained_sites,
             sections: HeapPeriscopeAgent.snapshot.keys)
    RUBY
    expect(result).to include(status: nil, sites: [], retained: [])
    expect(result[:sections]).not_to include("allocation_sampling")
  end

  it "fills the sections of a snapshot, and tells of allocations since the one before" do
    result = SampledProgram.run(<<~RUBY)
      require "socket"
      receiver = UDPSocket.new
      receiver.bind("127.0.0.1", 0)
      class Early; end
      class Late; end
      start_sampling(port: receiver.addr[1], max_datagram_bytes: 1400)
      # The reporter itself sends one a second after the start.
      work(0.1, until_true: -> { HeapPeriscopeAgent.agent_cost[:snapshots] >= 1 }) { sleep 0.02 }
      [Early, Late].each do |kind|
        seen = status[:windows]
        work(1.5, until_true: enough(seen + 30)) { kind.new }
        work(0.1, until_true: enough(status[:windows] + 1)) { [] } # a window that is open counts once it ends
        HeapPeriscopeAgent.report_once!
      end
      parts = []
      parts << JSON.parse(receiver.recvfrom(65_536).first) while IO.select([receiver], nil, nil, 0.5)
      HeapPeriscopeAgent.stop
      reports = parts.select { |part| part["type"].start_with?("snapshot") }.group_by { |part| part["sequence"] }.values.last(2)
      join = ->(a, b) { a.merge(b) { |_, x, y| x.is_a?(Array) ? x + y : x.is_a?(Hash) ? x.merge(y) : y } }
      payloads = reports.map { |report| report.map { |part| part["payload"] }.reduce(&join) }
      answer(payloads.map { |payload| payload.slice("allocation_sampling", "allocation_sites", "retained_sites") })
    RUBY
    early, late = result
    names = ->(payload) { payload[:allocation_sites].map { |site| site[:class_name] } }
    expect(names[early]).to include("Early")
    expect(names[late]).to include("Late")
    expect(names[late]).not_to include("Early")
    expect(late[:allocation_sampling]).to include(state: "on", windows: Integer, sampled_objects: Integer, stacks: Integer,
                                                  allocated_objects: Integer, cost_share: Float, sites_evicted: 0)
    expect(late[:allocation_sites].first).to include(path: String, line: Integer, method: String, objects: Integer,
                                                     standard_error: Integer, share: Float, stack: Array)
    expect(late[:retained_sites]).to be_an(Array)
    late[:retained_sites].each do |site|
      expect(site).to include(:objects, :bytes, :standard_error, :share, ages: { young: Integer, middle: Integer, old: Integer })
    end
  end

  it "gives every sampled stack unfolded, for exports" do
    result = SampledProgram.run(<<~RUBY)
      def inner = Object.new
      def outer = inner
      start_sampling
      work(1, until_true: enough(20)) { outer }
      answer(stacks: HeapPeriscopeAgent.allocation_stacks, limited: HeapPeriscopeAgent.allocation_stacks(limit: 1).size, allocated: status[:allocated_objects])
    RUBY
    object = result[:stacks].find { |row| row[:class_name] == "Object" && row[:stack].grep(/inner/).any? }
    methods = object[:stack].filter_map { |line| line[/Object#(inner|outer)\z/, 1] }
    expect(methods).to eq(%w[inner outer])
    expect(result[:limited]).to eq(1)
    expect(result[:stacks].sum { |row| row[:objects] }).to be_within(0.01 * result[:allocated]).of(result[:allocated])
  end
end
