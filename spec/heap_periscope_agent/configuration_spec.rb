# frozen_string_literal: true

require "heap_periscope_agent/configuration"

RSpec.describe HeapPeriscopeAgent::Configuration do
  subject(:configuration) { described_class.new({}) }

  let(:error) { HeapPeriscopeAgent::ConfigurationError }

  describe "defaults" do
    it "are those of the original gem for the options it had" do
      expect(configuration).to have_attributes(
        interval: 10, host: "127.0.0.1", port: 9000, verbose: true, enable_detailed_objects: false,
        detailed_objects_limit: 20, service_name: nil, enable_controller_instrumentation: false,
        enable_model_instrumentation: false
      )
    end

    it "pass their own checks" do
      HeapPeriscopeAgent::Options::ALL.each_value do |option|
        expect(option.cast(option.default)).to eq(option.default), option.name.to_s
      end
    end

    it "are documented with their variables" do
      table = File.read(File.expand_path("../../docs/configuration.md", __dir__)).scan(/^\| `(\w+)` \| (.+?) \|/).to_h
      defaults = HeapPeriscopeAgent::Options::ALL.transform_keys(&:to_s).transform_values do |option|
        %i[max_datagram_bytes gc_pauses].include?(option.name) ? "`nil` (auto)" : "`#{option.default.inspect}`"
      end

      expect(table).to eq(defaults)
    end
  end

  refused = {
    interval: [0, -1, 0.001, 86_401, Float::NAN, Float::INFINITY, nil, "soon", Complex(1, 1), []],
    host: ["", "a b", nil, 1, "a\n", "x" * 254, "\xFF"],
    port: [0, 70_000, -1, 80.5, nil, "http", "0x50", :port],
    verbose: [nil, 1, "maybe", :true], # rubocop:disable Lint/BooleanSymbol
    logger: [1, "log", BasicObject.new],
    service_name: ["", " ", "a\nb", "x" * 201, 1],
    detailed_objects_limit: [0, 100_001, 1.5, nil],
    platform_namespaces: [nil, [1], ["grape::"], "grape", [nil], ["A:B"]],
    census_slice_ms: [0, 1001, nil],
    census_budget: [0, 1.1, nil],
    allocation_budget: [0, 2, "much"],
    allocation_stack_depth: [0, 129, nil],
    max_spans: [0, 10_001, nil],
    gc_pauses: [1, "maybe", :no],
    on_leak_suspect: [1, "call", BasicObject.new],
    max_datagram_bytes: [0, 511, 65_508, "large"],
    secret: ["short", 16, :"a symbol of 16 bytes", "x" * 1025],
    key_id: ["", "a b", "é", "x" * 65, 1]
  }

  refused.each do |name, values|
    values.each_with_index do |value, index|
      it "refuses value #{index + 1} of the wrong ones for #{name} and keeps the default" do
        expect { configuration.public_send(:"#{name}=", value) }
          .to raise_error(error, /\A#{name} cannot be .+: give .+/m) { |e| expect(e.option).to eq(name) }
        expect(configuration.public_send(name)).to eq(described_class.new({}).public_send(name))
      end
    end
  end

  {
    interval: [[0.5, 0.5], ["2.5", 2.5], [Rational(3, 2), 1.5], [1, 1]],
    port: [[9001, 9001], ["9002", 9002]],
    host: %w[localhost ::1 statsd.example.com].map { |host| [host, host] },
    verbose: [[false, false], ["off", false], %w[TRUE true].then { |text, _| [text, true] }],
    service_name: [["Web", "Web"], [:web, "web"], [nil, nil], ["Käse und Brot", "Käse und Brot"]],
    platform_namespaces: [[["Grape::"], ["Grape::"]], ["Grape::, Set,", ["Grape::", "Set"]], [[], []]],
    gc_pauses: [[true, true], [nil, nil], [:auto, nil], ["auto", nil], ["on", true]],
    max_datagram_bytes: [[1400, 1400], [nil, nil], [:auto, nil]],
    secret: [["k" * 16, "k" * 16], [nil, nil]],
    key_id: [%w[2026-11 2026-11], [nil, nil]]
  }.each do |name, pairs|
    it "takes what fits #{name}" do
      pairs.each do |given, kept|
        configuration.public_send(:"#{name}=", given)
        expect(configuration.public_send(name)).to eql(kept)
      end
    end
  end

  it "says what was given and what is allowed" do
    expect { configuration.port = 70_000 }
      .to raise_error(error, "port cannot be 70000: give a whole number from 1 to 65535") do |e|
        expect(e).to have_attributes(option: :port, value: 70_000, allowed: "a whole number from 1 to 65535")
      end
  end

  it "never shows a secret" do
    expect { configuration.secret = "hunter2" }.to raise_error(error) do |e|
      expect([e.message, e.value.inspect].join).not_to include("hunter2")
    end
    configuration.secret = "hunter2hunter2hunter2"
    expect([configuration.inspect, configuration.to_h.inspect].join).not_to include("hunter2")
  end

  it "keeps its own copy of what it was given" do
    host = +"localhost"
    configuration.host = host
    host << " and more"
    expect(configuration.host).to eq("localhost")
  end

  describe "an unknown option" do
    it "is refused with the name that was probably meant" do
      expect { configuration.intervall = 5 }
        .to raise_error(error, "there is no option intervall: did you mean interval?")
    end

    it "is refused with all names when none is near" do
      expect { configuration.foo = 5 }
        .to raise_error(error, /\Athere is no option foo: the options are enabled, interval/)
    end

    it "is not answered, and reading it is an ordinary NoMethodError" do
      expect(configuration).not_to respond_to(:foo=)
      expect { configuration.foo }.to raise_error(NoMethodError)
    end
  end

  describe "the environment" do
    it "sets every option that can be text" do
      env = { "HEAP_PERISCOPE_PORT" => "9100", "HEAP_PERISCOPE_INTERVAL" => "0.5", "HEAP_PERISCOPE_ENABLED" => "false",
              "HEAP_PERISCOPE_PLATFORM_NAMESPACES" => "Grape::,Roda", "HEAP_PERISCOPE_HOST" => "" }
      expect(described_class.new(env)).to have_attributes(
        port: 9100, interval: 0.5, enabled: false, platform_namespaces: %w[Grape:: Roda], host: "127.0.0.1"
      )
    end

    it "is logged and passed over where it is wrong" do
      HeapPeriscopeAgent::Log.reset
      configurations = nil
      expect { configurations = Array.new(2) { described_class.new({ "HEAP_PERISCOPE_PORT" => "abc" }) } }
        .to output(/\A.*HEAP_PERISCOPE_PORT cannot be "abc": give a whole number.*\n\z/).to_stderr
      expect(configurations.map(&:port)).to eq([9000, 9000])
      expect(configurations.map { |one| one.environment_errors.map(&:option) }).to eq([[:port], [:port]])
    end

    it "raises where a strict reading is asked for" do
      expect { described_class.new({ "HEAP_PERISCOPE_INTERVAL" => "0" }, strict: true) }
        .to raise_error(error, /\AHEAP_PERISCOPE_INTERVAL cannot be "0"/)
    end

    it "names the variable that a misspelt one probably meant, and leaves other people's alone" do
      env = { "HEAP_PERISCOPE_INTERVALL" => "5", "HEAP_PERISCOPE_UI_PORT" => "1", "HEAP_PERISCOPE_WEATHER" => "rain",
              "HEAP_PERISCOPE_VERBOSE" => "off" }
      expect(described_class.new(env).environment_errors.map(&:message))
        .to eq(["HEAP_PERISCOPE_INTERVALL is no option: did you mean HEAP_PERISCOPE_INTERVAL?"])
    end

    it "cannot hold objects" do
      expect(described_class.new({ "HEAP_PERISCOPE_LOGGER" => "x" }).logger).to be_nil
    end
  end

  describe "#given?" do
    it "tells a value that was set from a default" do
      configuration.enabled = true
      expect([configuration.given?(:enabled), configuration.given?(:port)]).to eq([true, false])
      expect(described_class.new({ "HEAP_PERISCOPE_PORT" => "9000" }).given?(:port)).to be(true)
    end
  end

  describe "the observer" do
    let(:seen) { [] }

    before { configuration.on_change { |changed| seen << changed.to_native.slice(:port, :interval) } }

    it "hears once of a block and of every single change outside of one" do
      configuration.update do |config|
        config.port = 9001
        config.update { config.interval = 2 }
      end
      configuration.port = 9002
      configuration.port = 9002
      configuration.update { nil }
      expect(seen).to eq([{ port: 9001, interval: 2.0 }, { port: 9002, interval: 2.0 }])
    end

    it "hears nothing of a block that raised, which changed nothing" do
      expect do
        configuration.update do |config|
          config.interval = 3
          config.port = 0
        end
      end.to raise_error(error)
      expect([configuration.interval, seen]).to eq([10, []])
    end

    it "hears of a block that was left early" do
      catch(:done) { configuration.update { |config| config.interval = 3 and throw :done } }
      expect(seen).to eq([{ port: 9000, interval: 3.0 }])
    end

    it "cannot break the program with what it raises" do
      configuration.verbose = false
      configuration.on_change { raise "no" }
      configuration.port = 9005
      expect(configuration.port).to eq(9005)
    end
  end

  describe "when frozen" do
    before { configuration.freeze }

    it "can be read, copied and observed, and raises FrozenError on writing" do
      configuration.on_change { nil }
      expect { configuration.port = 9001 }.to raise_error(FrozenError)
      expect { configuration.update { |config| config.port = 9001 } }.to raise_error(FrozenError)
      expect { configuration.port = 0 }.to raise_error(error)
      expect([configuration.port, configuration.to_native[:port]]).to eq([9000, 9000])
      expect(configuration.given?(:port)).to be(false)
      expect(configuration.dup.tap { |copy| copy.port = 9001 }.port).to eq(9001)
    end
  end

  describe "#to_native" do
    it "holds plain values only" do
      plain = [Integer, Float, String, TrueClass, FalseClass, NilClass]
      values = configuration.to_native
      expect(values.delete(:platform_namespaces)).to eq([])
      expect(values).to all(satisfy { |_, value| plain.include?(value.class) })
      expect(values.keys).to contain_exactly(
        :interval, :host, :port, :enable_detailed_objects, :detailed_objects_limit, :service_name, :census_slice_ms,
        :max_datagram_bytes, :secret, :key_id, :gc_pauses, :enable_allocation_sampling, :allocation_budget,
        :census_budget, :max_spans, :allocation_stack_depth
      )
    end

    it "names the key of a secret that has no name" do
      configuration.secret = "0123456789abcdef"
      expect(configuration.to_native).to include(secret: "0123456789abcdef", key_id: "default")
    end
  end

  it "reads without allocating" do
    names = HeapPeriscopeAgent::Options::ALL.keys
    names.each { |name| configuration.public_send(name) }
    before = GC.stat(:total_allocated_objects)
    100.times { configuration.interval && configuration.port && configuration.host && configuration.verbose }
    expect(GC.stat(:total_allocated_objects) - before).to be < 50
  end
end
