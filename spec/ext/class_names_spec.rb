# frozen_string_literal: true

require "heap_periscope_agent"
require "json"
require_relative "../support/watched_program"

RSpec.describe "names of classes in a census", :native, :walks_heap do
  # @return [Hash{String => Integer}] under stress without the thousands of objects that the rows of a census are
  def counts
    return HeapPeriscopeAgent::Testing.census(true, false, 0)[:classes].transform_values(&:first) if GcStress.on?

    HeapPeriscopeAgent.census(bytes: false).to_h { |row| [row[:name], row[:count]] }
  end

  def keep(count, klass, &make)
    (@keep ||= []).concat(Array.new(count) { make ? yield : klass.new })
  end

  it "asks the VM, never a method the program has overridden" do
    calls = 0
    hostile = { "HostileRaising" => -> { (calls += 1) && raise("no") }, "HostileNil" => -> { calls += 1 and nil },
                "HostileLong" => -> { (calls += 1) && ("x" * (1 << 20)) }, "HostileBytes" => lambda {
                                                                             (calls += 1) && "\xFF\xFE"
                                                                           } }
    hostile.each do |name, body|
      klass = Class.new do
        %i[name to_s inspect hash].each do |method|
          next if method == :hash

          define_singleton_method(method) do
            body.call
          end
        end
        define_method(:class) { body.call }
        define_method(:inspect) { body.call }
      end
      stub_const(name, klass)
      keep(123, klass)
    end
    calls = 0
    found = counts
    expect(found.slice(*hostile.keys)).to eq(hostile.transform_values { 123 })
    expect(calls).to eq(0)
  end

  it "counts objects of anonymous classes under their first ancestor with a name" do
    parent = Class.new
    stub_const("NamedParent", parent)
    anonymous = Class.new(Class.new(parent))
    keep(77, anonymous)
    expect(counts["(anonymous < NamedParent)"]).to be >= 77
  end

  it "counts objects with singleton classes, included modules and refinements under their own class" do
    plain = Class.new
    stub_const("WithSingletons", plain)
    keep(50, plain) { plain.new.tap { |object| def object.special = 1 } }
    keep(50, plain) { plain.new.extend(Module.new) }
    expect(counts["WithSingletons"]).to eq(100)
  end

  it "counts instances of BasicObject and its heirs" do
    basic = Class.new(BasicObject)
    stub_const("Basic", basic)
    keep(61, basic)
    keep(43, BasicObject)
    expect(counts).to include("Basic" => 61, "BasicObject" => be >= 43)
  end

  it "adds up classes that share a name, such as those that were loaded anew" do
    2.times do
      stub_const("Reloaded", Class.new)
      keep(21, Reloaded)
    end
    expect(counts["Reloaded"]).to eq(42)
  end

  it "keeps names in any script whole, and cuts those over 1 024 bytes with an ellipsis, counted" do
    long = "L#{"ö" * 2000}"
    stub_const("Größe", Class.new)
    stub_const(long, Class.new)
    keep(31, Größe)
    keep(31, Object.const_get(long))
    before = HeapPeriscopeAgent.agent_cost[:names_truncated]
    found = counts
    expect(found["Größe"]).to eq(31)
    cut = found.keys.find { |name| name.start_with?("Lö") }
    expect(cut.bytesize).to be <= 1024
    expect(cut).to end_with("…")
    expect(cut).to be_valid_encoding
    expect(HeapPeriscopeAgent.agent_cost[:names_truncated]).to eq(before) # nothing was reported
  end

  it "takes names in other encodings, and internal objects" do
    rows = WatchedProgram.run!(<<~'RUBY').out
      require "json"
      Object.const_set("Caf\xE9".dup.force_encoding("ISO-8859-1"), Class.new)
      keep = Array.new(40) { Object.const_get("Caf\xE9".dup.force_encoding("ISO-8859-1")).new }
      census = HeapPeriscopeAgent.census
      raise "not UTF-8" unless JSON.generate(HeapPeriscopeAgent.snapshot(detailed: true)).valid_encoding?
      print census.any? { |row| row[:name].scrub("?").start_with?("Caf") && row[:count] == 40 },
            census.any? { |row| row[:name] == "(internal)" }
    RUBY
    expect(rows).to eq("truetrue")
  end

  it "resolves 50 000 classes, named, nameless and gone meanwhile", :endless_under_valgrind do
    outcome = WatchedProgram.run!(<<~RUBY)
      testing = HeapPeriscopeAgent::Testing
      Space = Module.new
      classes = Array.new(25_000) { |n| Space.const_set("C\#{n}", Class.new) }
      nameless = Array.new(25_000) { Class.new }
      keep = (classes + nameless).map(&:new)
      census = testing.census(true, true, 200_000) { classes.shift(200); GC.start if rand < 0.1 }
      raise "incomplete" unless census[:complete]
      raise "longest slice \#{census[:longest_slice_ns]}" if census[:longest_slice_ns] > 50_000_000
      found = census[:classes]
      print found.keys.grep(/\\ASpace::C/).size, " ", found["(anonymous < Object)"][0] >= 25_000, " ",
            HeapPeriscopeAgent.snapshot(detailed: true)[:living_objects_by_class].size
    RUBY
    expect(outcome.out).to eq("25000 true 20")
  end

  it "tells the platform's classes from the application's, and takes more namespaces" do
    testing = HeapPeriscopeAgent::Testing
    platform = %w[String Hash Integer (internal) ActiveRecord::Base ActiveSupport::Cache::Entry Thread::Mutex RubyVM]
    application = %w[Order Strings ActiveRecords::Base Shop::String Grape::API (anonymous]
    expect(platform.map { |name| testing.platform_class?(name) }).to all(be(true))
    expect(application.map { |name| testing.platform_class?(name) }).to all(be(false))
    HeapPeriscopeAgent.configuration.platform_namespaces = %w[Grape:: Shop::String]
    expect(%w[Grape Grape::API Shop::String Shop::String::Part Shop Grapes Shop::Strings].map do |name|
      testing.platform_class?(name)
    end).to eq([true, true, true, true, false, false, false])
  ensure
    HeapPeriscopeAgent.configuration.platform_namespaces = []
  end
end
