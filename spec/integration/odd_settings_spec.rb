# frozen_string_literal: true

require "heap_periscope_agent"
require_relative "../support/watched_program"

# Whatever the environment holds, the program that has the agent starts, and is told in a sentence what was not taken.
RSpec.describe "odd settings", timeout: 240 do
  odd = <<~'RUBY'
    random = Random.new(14)
    bytes = ->(length) { Array.new(length) { random.rand(1..255).chr }.join.b.delete("=") }
    ODD = ["", " ", "\t\n", "\xFF", "\xFE\xFF", "\xC3", "B\u00FCro", "B\xFCro", "true\xFF", "T\u00D6UE", "NaN", "Infinity", "-Infinity", "-1",
           "-0.0", "0", "1e400", "-1e400", "1e-400", "0x10", "1_000", "\uFF11\uFF12", "\u0661", "9" * 10_000, "9" * 100_000, "x" * 100_000,
           "\u00E9" * 60_000, "\u202E", "\u{1F4A9}", "a,b,\xFF", ",,,", "::", "A::\xFF", "nil", "null", "{}", "%s%n", "\e[2J", "/", "..", "\x7F", "auto\xFF",
           "1.5.5", "--", "0b1", "1e5\xFF", "\x80" * 300, "a" * 16 + "\xFF", "::1", "[::1]", "256.256.256.256", "a..b", "-h"]
    ODD.concat(Array.new(200 - ODD.size) { |n| bytes.(n < 20 ? 1 + n : random.rand(1..300)) })
  RUBY
  settings = { "none" => { "LANG" => nil, "LC_ALL" => nil, "LC_CTYPE" => nil }, "C" => { "LC_ALL" => "C" }, "C.UTF-8" => { "LC_ALL" => "C.UTF-8" } }
  define_method(:run) { |script, **options| WatchedProgram.run!(odd + script, port: 9, interval: 60, **options) }

  settings.each do |locale, env|
    it "in the environment raise nowhere: 200 values of each option, with locale #{locale}" do
      outcome = run(<<~'RUBY', env: env)
        options = HeapPeriscopeAgent::Options::ALL.values.select(&:textual?)
        templates = Dir["#{$LOAD_PATH.first}/generators/**/initializers/*.tt"].map { |file| File.read(file) }
        refused = 0
        # Secrets come last: one report is signed with one of the latest few, and these change faster than it is sent.
        failed = nil
        options.sort_by { |option| option.secret? ? 1 : 0 }.each do |option|
          failed = HeapPeriscopeAgent.agent_cost[:failures] if option.secret?
          before = ENV[option.variable]
          ODD.each_with_index do |value, index|
            ENV[option.variable] = value.dup.force_encoding(Encoding.find("locale"))
            HeapPeriscopeAgent.configuration = HeapPeriscopeAgent::Configuration.new
            templates.each { |template| eval(template) } if index % 20 == 0
            HeapPeriscopeAgent.start if index % 50 == 0
            HeapPeriscopeAgent.configuration.environment_errors.each do |error|
              refused += 1
              raise "no sentence: #{error.message.inspect}" unless error.message.match?(/\AHEAP_PERISCOPE_\w+ cannot be .+: give .+\z/m)
            end
          end
          ENV[option.variable] = before
        end
        HeapPeriscopeAgent.configuration = HeapPeriscopeAgent::Configuration.new
        print HeapPeriscopeAgent.start, " ", templates.size, " ", refused > options.size * 100, " ", failed
      RUBY
      expect(outcome.out).to eq("true 6 true 0")
      expect(outcome.err).to include("HEAP_PERISCOPE_SERVICE_NAME cannot be").and include("HEAP_PERISCOPE_PORT cannot be")
      expect(outcome.err.lines).to all(start_with("[HeapPeriscopeAgent]"))
    end

    it "in a variable's name raise nowhere, with locale #{locale}" do
      outcome = run(<<~'RUBY', env: env)
        ODD.each { |name| ENV["HEAP_PERISCOPE_#{name.b}"] = "1" unless name.include?("=") }
        ENV["HEAP_PERISCOPE_intervl\xFF".b] = "1"
        ENV["HEAP_PERISCOPE_\xFF".b] = "1"
        print HeapPeriscopeAgent.start
      RUBY
      expect(outcome.out).to eq("true")
      expect(outcome.err).to include("HEAP_PERISCOPE_INTERVL? is no option: did you mean HEAP_PERISCOPE_INTERVAL?")
    end

    it "take a name in UTF-8 as it is, with locale #{locale}" do
      expect(run("print HeapPeriscopeAgent.start, ' ', HeapPeriscopeAgent.configuration.service_name", service_name: "Büro", env: env).out)
        .to eq("true Büro")
    end
  end

  it "in code raise ConfigurationError and nothing else" do
    expect(run(<<~'RUBY').out).to eq("true")
      values = ODD + ODD.map { |text| text.dup.force_encoding("UTF-16LE") } + ["1".encode("UTF-16LE"), "x".dup.force_encoding("UTF-7"),
               Float::NAN, -Float::INFINITY, 10**400, -1, Rational(1, 3), Complex(1, 1), Object.new, BasicObject.new, [], {}, [nil], ["\xFF"],
               [[]], Class.new { def to_str = 1 }.new, Class.new { def inspect = nil }.new, nil, true, :odd, 1..2, Time.now, Struct.new(:a).new]
      refused = 0
      HeapPeriscopeAgent::Options::ALL.each_key do |name|
        values.each do |value|
          HeapPeriscopeAgent.configure { |config| config.public_send(:"#{name}=", value) }
        rescue HeapPeriscopeAgent::ConfigurationError => e
          refused += 1 unless e.message.empty?
        ensure
          HeapPeriscopeAgent.configuration = HeapPeriscopeAgent::Configuration.new
        end
      end
      print refused > 4_000
    RUBY
  end

  it "that libraries hand to our hooks change nothing: names of any kind, ids of any kind" do
    expect(run(<<~RUBY).out).to eq("done")
      HeapPeriscopeAgent.start
      native = HeapPeriscopeAgent::Native
      job = Class.new { attr_accessor :jid }
      odd = ODD + ODD.map { |text| text.dup.force_encoding("UTF-16LE") } + [nil, 1, 2**70, 1.5, :name, :odd, [], {}, Object.new, BasicObject.new, Class.new]
      odd.each do |value|
        answers = [native.method_span("controller", value, "index") { 1 }, native.method_span("model", "Model", value) { 1 },
                   native.job_span(value, "id") { 1 }, native.job_span("Job", value) { 1 }]
        raise answers.inspect unless answers == [1, 1, 1, 1]

        instance = job.new.tap { |new| new.jid = value }
        native.end_job(native.begin_job(instance, [value]), nil)
      end
      native.end_job(native.begin_job(BasicObject.new, nil), nil)
      print "done"
    RUBY
  end
end
