# frozen_string_literal: true

require "logger"
require "open3"
require "stringio"
require "heap_periscope_agent/configuration"

RSpec.describe HeapPeriscopeAgent::Log do
  let(:configuration) { HeapPeriscopeAgent::Configuration.new({}) }

  before { described_class.reset }

  def write(message, **options)
    described_class.write(message, configuration: configuration, **options)
  end

  it "writes one line to stderr, never to stdout" do
    expect { expect { write("two\nlines", level: :warn) }.not_to output.to_stdout }
      .to output("[HeapPeriscopeAgent][WARN] two lines\n").to_stderr
  end

  it "takes a level it does not know for info and keeps debug for loggers" do
    expect { write("a", level: :shout) }.to output("[HeapPeriscopeAgent][INFO] a\n").to_stderr
    expect { write("b", level: :debug) }.not_to output.to_stderr
  end

  it "says nothing unless verbose" do
    configuration.verbose = false
    expect { write("a") && described_class.once(:a, "a", configuration: configuration) }.not_to output.to_stderr
  end

  it "uses the configured logger with its levels" do
    io = StringIO.new
    configuration.logger = Logger.new(io, formatter: ->(severity, _, _, message) { "#{severity} #{message}\n" })
    %i[debug info warn error].each { |level| write("told", level: level) }
    expect(io.string.lines(chomp: true)).to eq(%w[DEBUG INFO WARN ERROR].map { |s| "#{s} [HeapPeriscopeAgent] told" })
  end

  it "says a thing once for each key" do
    said = ->(_) { described_class.once(%i[a key], "once", configuration: configuration) }
    expect { 3.times(&said) }.to output("[HeapPeriscopeAgent][WARN] once\n").to_stderr
  end

  it "remembers a bounded number of keys" do
    io = StringIO.new
    configuration.logger = Logger.new(io)
    2000.times { |n| described_class.once(n, "message #{n}", configuration: configuration) }
    expect(io.string.lines.size).to eq(1000)
  end

  describe "whatever the logger does" do
    def logger(&block)
      Class.new { %i[debug info warn error].each { |level| define_method(level, &block) } }.new
    end

    {
      "raises" => ->(_) { raise "no" },
      "is not finished" => ->(_) { raise NotImplementedError },
      "recurses without end" => ->(message) { info(message) },
      "needs memory" => ->(_) { raise NoMemoryError }
    }.each do |what, block|
      it "returns when it #{what}" do
        configuration.logger = logger(&block)
        expect(write("a", level: :info)).to be_nil
        expect(described_class.once(:a, "a", configuration: configuration)).to be_nil
      end
    end

    it "does not recurse when it logs through the agent" do
      calls = 0
      again = -> { write("again") }
      configuration.logger = logger { |_| (calls += 1) && again.call }
      2.times { write("a") }
      expect(calls).to eq(2)
    end

    it "survives a message that cannot be shown and text that is no text" do
      expect(write(Class.new { def to_s = raise("no") }.new)).to be_nil
      expect { write("\xFFa") }.to output("[HeapPeriscopeAgent][INFO] \u{FFFD}a\n").to_stderr
    end

    it "passes on an interrupt that comes meanwhile" do
      configuration.logger = logger { |_| raise Interrupt }
      expect { write("a") }.to raise_error(Interrupt)
    end
  end

  it "finds the logger of Rails" do
    script = <<~RUBY
      require "rails"
      require "heap_periscope_agent/configuration"
      configuration = HeapPeriscopeAgent::Configuration.new({})
      HeapPeriscopeAgent::Log.write("before", configuration: configuration)
      Rails.logger = Logger.new($stdout, formatter: ->(*, message) { message })
      HeapPeriscopeAgent::Log.write("after", configuration: configuration)
    RUBY
    out, err, status = Open3.capture3(RbConfig.ruby, "-I", File.expand_path("../../lib", __dir__), "-e", script)
    expect(status).to be_success
    expect([out, err]).to eq(["[HeapPeriscopeAgent] after", "[HeapPeriscopeAgent][INFO] before\n"])
  end
end
