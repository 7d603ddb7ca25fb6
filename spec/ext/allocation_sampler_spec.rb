# frozen_string_literal: true

require "support/sampled_program"
require "support/watched_program"

RSpec.describe "allocation sampler", timeout: 240 do
  def run(code) = SampledProgram.run(code)

  it "sees bursts of allocations inside C calls as often as they happen" do
    result = run(<<~RUBY)
      Row = Struct.new(:value)
      DOCUMENT = JSON.generate(Array.new(3000) { |i| { "id" => i, "name" => "n\#{i}", "tags" => ["a", "b", "c\#{i}"] } })
      def parse = JSON.parse(DOCUMENT)
      def wrap(rows) = rows.map { |row| Row.new(row) }
      def round = wrap(parse)
      round

      GC.disable
      before = ObjectSpace.count_objects.dup
      round
      after = ObjectSpace.count_objects
      GC.enable
      truth = %i[T_STRING T_ARRAY T_HASH T_STRUCT].to_h { |type| [type, after[type] - before[type]] }

      start_sampling(budget: 0.3)
      work(6, until_true: enough(150)) { round }
      answer(shares: shares(by: :class), sites: HeapPeriscopeAgent.allocation_sites(limit: 4), status: status, truth: truth)
    RUBY
    total = result[:truth].values.sum.to_f
    { String: :T_STRING, Array: :T_ARRAY, Hash: :T_HASH, Row: :T_STRUCT }.each do |name, type|
      expect(result[:shares][name]).to be_within(0.05).of(result[:truth][type] / total)
    end
    expect(result[:status]).to include(state: "on")
    expect(result[:sites].first).to include(class_name: "String", method: "Object#parse")
    expect(result[:sites].map { |site| site[:method] }).to include("block in Object#wrap").or include("Object#wrap")
  end

  it "says how sure it is, how much it saw and what that cost" do
    result = run(<<~RUBY)
      start_sampling(budget: 0.05)
      work(3, until_true: enough(30)) { [Object.new, "text" * 2] }
      before = status # the reporter's thread may make objects between the calls
      answer(rows: HeapPeriscopeAgent.allocation_sites(by: :class), before: before, status: status, allocated: GC.stat(:total_allocated_objects))
    RUBY
    object = result[:rows].find { |row| row[:class_name] == "Object" }
    expect(object[:share]).to be_within(0.01).of(0.25) # of an array, an object and two strings
    expect(object[:standard_error]).to be < object[:objects] * 0.1
    expect(result[:rows].sum { |row| row[:objects] }).to be_between(result[:before][:allocated_objects] - 1, result[:status][:allocated_objects] + 1)
    expect(result[:status][:allocated_objects]).to be_between(1, result[:allocated])
    expect(result[:status][:cost_share]).to be_between(0.000001, 0.1)
    expect(result[:status].values_at(:windows, :sampled_objects, :stacks)).to all(be_positive)
  end

  it "names the application's line first, and what it called into in one line for each gem" do
    result = run(<<~RUBY)
      require "csv"
      require "tmpdir"
      TEXT = Array.new(50) { |i| "\#{i},name \#{i},\#{i * 3}" }.join("\\n")
      Dir.mktmpdir do |folder|
        library = File.join(folder, "gems", "some_thing-1.2.3", "lib", "some_thing.rb")
        FileUtils.mkdir_p(File.dirname(library))
        File.write(library, "module SomeThing; def self.each(n) = Array.new(n) { |i| yield(i) }; def self.text(n) = Array.new(n) { |i| i.to_s }; end")
        require library
        def direct = SomeThing.text(200)
        start_sampling
        work(2, until_true: enough(60)) { direct }
      end
      answer(HeapPeriscopeAgent.allocation_sites(limit: 1).first)
    RUBY
    expect(result).to include(class_name: "String", method: "Object#direct")
    expect(result[:path]).to end_with(".rb")
    expect(result[:stack].first).to match(/in Object#direct\z/)
    expect(result[:stack][1]).to match(/\Athrough some_thing \(\d+ frames\)\z/)
  end

  it "tells spans apart" do
    result = run(<<~RUBY)
      start_sampling
      work(3, until_true: enough(80)) do
        HeapPeriscopeAgent.span(:job, "Busy") { 300.times { Object.new } }
        HeapPeriscopeAgent.span(:task, "calm") { 100.times { Object.new } }
        100.times { Object.new }
      end
      answer(HeapPeriscopeAgent.allocation_sites(by: :span))
    RUBY
    shares = result.to_h { |row| [row.values_at(:type, :name), row[:share]] }
    expect(shares[%w[job Busy]]).to be_within(0.08).of(0.6)
    expect(shares[%w[task calm]]).to be_within(0.06).of(0.2)
    expect(shares[[nil, nil]]).to be_within(0.06).of(0.2)
  end

  it "does not fall in step with a program that works in phases" do
    result = run(<<~RUBY)
      class A; end
      class B; end
      start_sampling(budget: 0.05)
      counts = Hash.new(0)
      work(5, until_true: enough(200)) do
        [A, B].each do |kind|
          ended = now + 0.005
          until now > ended
            20.times { kind.new }
            counts[kind.name] += 20
          end
        end
      end
      answer(shares: shares(by: :class), truth: counts)
    RUBY
    seen = result[:shares].values_at(:A, :B)
    truth = result[:truth].values_at(:A, :B)
    expect(seen[0] / seen.sum).to be_within(0.05).of(truth[0] / truth.sum.to_f)
  end

  it "survives a collection at every allocation, whatever is being built" do
    result = run(<<~RUBY)
      start_sampling(budget: 1.0, allocation_stack_depth: 128)
      HeapPeriscopeAgent::Testing.fix_plan(30_000_000, 25_000_000, 1.5)
      Pair = Struct.new(:a, :b)
      GC.stress = true
      work(4) do
        made = Class.new { def x = 1; attr_accessor :q }
        made.new.q = made
        Class.new(String).new("x")
        Pair.new(1, "a" * 50)
        Struct.new(:z).new(1)
        Data.define(:z).new(z: 1) if defined?(Data.define)
        [proc { |x| x }, lambda { }, Object.new.singleton_class, /a\#{rand}/, 1.5.to_r, 2**70, method(:work)]
        Thread.new { Fiber.new { "f" }.resume }.join
        eval("proc { 1 }").call
        Thread::Queue.new << ObjectSpace::WeakMap.new
      end
      GC.stress = false
      work(1, until_true: enough(5)) { Class.new.new }
      answer(status)
    RUBY
    expect(result).to include(state: "on")
    expect(result[:stacks]).to be_positive
  end

  it "has the VM make the path of methods in C at the start, where no other profiler takes it for the program's" do
    result = run(<<~RUBY)
      start_sampling
      HeapPeriscopeAgent::Testing.fix_plan(10**17, 1_000_000, 1e9)
      sleep 0.01 until status && status[:state] == "on"
      answer(paths: ObjectSpace.each_object(String).count { |text| text.bytes == [60, 99, 102, 117, 110, 99, 62] })
    RUBY
    expect(result).to eq(paths: 1)
  end

  it "asks for no memory inside the hook" do
    out = WatchedProgram.run!(<<~RUBY, port: 9, interval: 3600, enable_allocation_sampling: true, allocation_budget: 1.0, shim: :malloc_guard).out
      require "fiddle"
      hooks = Fiddle::Function.new(Fiddle.dlopen(nil)["heap_periscope_hooks"], [], Fiddle::TYPE_LONG)
      Row = Struct.new(:value)
      HeapPeriscopeAgent.start
      HeapPeriscopeAgent::Testing.fix_plan(6_000_000, 4_000_000, 3)
      deep = ->(depth) { depth.zero? ? [Class.new, Row.new("x" * 99), {}] : deep.call(depth - 1) }
      # New threads, for which nothing of ours has memory yet.
      wait_until { Thread.new { 500.times { |n| deep.call(n % 60) } }.join && HeapPeriscopeAgent.allocation_sampling[:windows] >= 50 }
      print hooks.call > 10_000, " ", HeapPeriscopeAgent.allocation_sampling[:stacks] > 100
    RUBY
    expect(out).to eq("true true")
  end

  it "keeps its tables right while objects move" do
    result = run(<<~RUBY)
      start_sampling(budget: 0.5)
      HeapPeriscopeAgent::Testing.fix_plan(6_000_000, 4_000_000, 40)
      GC.auto_compact = true
      class Kept; end
      held = []
      n = 0
      work(4, until_true: enough(60)) do
        n += 1
        held << Class.new << "x\#{n}" << Kept.new
        held.shift(60) if held.size > 3000
        eval("def made_\#{n % 50} = [Object.new] * 3\\nmade_\#{n % 50}")
        GC.verify_compaction_references(toward: :empty) if n % 200 == 0
      end
      GC.auto_compact = false
      answer(shares: shares(by: :class), sites: HeapPeriscopeAgent.allocation_sites(limit: 5), status: status, rounds: n)
    RUBY
    expect(result[:rounds]).to be > 200
    expect(result[:shares].keys).to include(:Kept, :Class, :String, :"(internal)")
    expect(result[:sites].map { |site| site[:path] }).to all(match(/\.rb\z|\(eval/).or(eq("")))
  end

  it "lets classes and code go that the program drops" do
    result = run(<<~RUBY)
      start_sampling(budget: 0.5)
      HeapPeriscopeAgent::Testing.fix_plan(6_000_000, 5_000_000, 20)
      work(2, until_true: enough(60)) { Class.new.new }
      HeapPeriscopeAgent.stop
      sleep 0.01 until Thread.list == [Thread.main] # the reporter's last census holds the classes it has seen
      GC.start
      answer(ObjectSpace.each_object(Class).count { |klass| klass.name.nil? && !klass.singleton_class? })
    RUBY
    expect(result).to be < 300
  end

  it "goes on in a forked child, with nothing of its parent's" do
    result = run(<<~RUBY)
      class OfParent; end
      class OfChild; end
      start_sampling
      work(1, until_true: enough(20)) { OfParent.new }
      reader, writer = IO.pipe
      children = Array.new(4) do
        work(0.02) { OfParent.new }
        fork do
          work(1.5, until_true: -> { status[:state] == "on" && status[:windows] > 10 }) { OfChild.new }
          writer.puts(JSON.generate(shares: shares(by: :class), state: status[:state]))
          exit!(0)
        end
      end
      ended = children.map { |pid| Process.wait2(pid).last.success? }
      work(0.5) { OfParent.new }
      writer.close
      answer(ended: ended, children: reader.each_line.map { |line| JSON.parse(line) }, parent: shares(by: :class))
    RUBY
    expect(result[:ended]).to all(be true)
    expect(result[:children].size).to eq(4)
    expect(result[:children]).to all(include(state: "on"))
    result[:children].each { |child| expect(child[:shares]).to include(:OfChild).and exclude(:OfParent) }
    expect(result[:parent]).to include(:OfParent).and exclude(:OfChild)
  end

  RSpec::Matchers.define_negated_matcher :exclude, :include

  it "calls methods of anonymous classes and compiled templates the same in every process" do
    result = run(<<~RUBY)
      start_sampling
      template = Class.new { def _app_views_carts_show_html_erb___4059327_23480 = Object.new }.new
      odd = Class.new { def version__12 = Object.new }.new
      work(1, until_true: enough(20)) { template._app_views_carts_show_html_erb___4059327_23480 && odd.version__12 }
      answer(HeapPeriscopeAgent.allocation_sites(limit: 10).map { |site| site[:method] })
    RUBY
    expect(result).to include("#<Class>#_app_views_carts_show_html_erb", "#<Class>#version__12")
  end

  it "works beside other tracers, which go on working" do
    result = run(<<~RUBY)
      start_sampling
      def made = Object.new
      calls = 0
      line = nil
      ObjectSpace.trace_object_allocations do
        TracePoint.new(:call) { calls += 1 }.enable do
          work(2, until_true: enough(40)) { line = ObjectSpace.allocation_sourceline(made) }
        end
      end
      during = status
      work(1, until_true: enough(during[:windows] + 20)) { made }
      HeapPeriscopeAgent.stop
      ObjectSpace.trace_object_allocations { line = [line, ObjectSpace.allocation_sourceline(made)] }
      answer(calls: calls, lines: line, during: during)
    RUBY
    expect(result[:calls]).to be > 100
    expect(result[:lines]).to all(be_an(Integer))
    expect(result[:lines].uniq.size).to eq(1)
    expect(result[:during][:windows]).to be >= 40
  end

  ractors = <<~RUBY
    start_sampling
    work(0.5, until_true: enough(10)) { Object.new }
    before = status
    100.times do
      made = Array.new(10) { Ractor.new { Array.new(500) { |i| [i, "s\#{i}"] }.size } }
      work(0.002) { [Object.new, Class.new] }
      made.each { |ractor| ractor.respond_to?(:value) ? ractor.value : ractor.take }
    end
    GC.start
    work(0.5, until_true: -> { status[:state] == "refused" || status[:windows] > before[:windows] + 20 }) { Object.new }
    answer(before: before, after: status)
  RUBY

  it "goes on beside 1000 Ractors, or ends before the first where the Ruby would crash" do
    result = run(ractors)
    if SampledProgram.fragile? || Gem::Version.new(RUBY_VERSION) >= Gem::Version.new("3.4")
      expect(result[:after]).to include(state: "refused", windows: result[:before][:windows])
      expect(result[:after][:reason]).to match(SampledProgram.fragile? ? /Ractor.*3\.1\.4, 3\.2\.3 or newer/ : /Ractor.*3\.4/)
    else
      expect(result[:after]).to include(state: "on")
      expect(result[:after][:windows]).to be > result[:before][:windows]
    end
  end

  it "starts and stops as often as it is asked to, from the configuration too" do
    result = run(<<~RUBY)
      states = []
      20.times do
        start_sampling
        work(0.02) { Object.new }
        states << status[:state]
        HeapPeriscopeAgent.stop
        states << status[:state]
      end
      HeapPeriscopeAgent.configure { |config| config.enable_allocation_sampling = false }
      HeapPeriscopeAgent.start
      HeapPeriscopeAgent.configure { |config| config.enable_allocation_sampling = true }
      started = now
      work(0.1, until_true: -> { status[:state] == "on" }) { sleep 0.01 }
      answer(states: states, switched_on_after: now - started, threads: Dir["/proc/self/task/*"].size)
    RUBY
    expect(result[:states]).to eq(%w[on off] * 20)
    expect(result[:threads]).to be <= 6 # ours are two; the others are Ruby's
  end

  it "keeps its memory within bounds, and counts what it evicts" do
    result = run(<<~RUBY)
      resident = -> { File.read("/proc/self/status")[/VmRSS:\\s+(\\d+)/, 1].to_i }
      400.times do |i|
        lines = Array.new(20) { |k| "[Object.new, '\#{k}' * 2]" }.join("\\n")
        eval("def call_\#{i}(n)\\n return call_\#{i}(n - 1) unless n.zero?\\n\#{lines}\\n end")
      end
      40.times { 400.times { |i| send(:"call_\#{i}", 3) } } # a compiler has taken what it takes after that
      3.times { GC.start }
      before = resident.call
      start_sampling(budget: 1.0)
      HeapPeriscopeAgent::Testing.fix_plan(3_000_000, 2_500_000, 2)
      work(8, until_true: -> { status[:sites_evicted] > 0 }) { 400.times { |i| send(:"call_\#{i}", rand(30)) } }
      HeapPeriscopeAgent.stop
      3.times { GC.start }
      answer(grown_kb: resident.call - before, status: status)
    RUBY
    expect(result[:status][:sites_evicted]).to be_positive
    expect(result[:grown_kb]).to be < 16_000 # ours, and what the program's own heap grew by
  end
end
