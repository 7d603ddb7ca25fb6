# frozen_string_literal: true

require "support/sampled_program"

RSpec.describe "retained set", timeout: 240 do
  def run(code) = SampledProgram.run(code)

  retaining = <<~RUBY
    class Kept; def initialize = @text = "t" * 100; end
    class Passing; end
    $kept = []
    def keep = $kept << Kept.new
    def pass = Passing.new
    # Those who are watched are tested by a collection, and looked at.
    def survey
      GC.start
      HeapPeriscopeAgent::Testing.retained_survey
    end
    def sites = HeapPeriscopeAgent.retained_sites(limit: 100)
  RUBY

  it "knows what lives of what was sampled, by site, and forgets what died" do
    result = run(<<~RUBY)
      #{retaining}
      start_sampling(budget: 0.3)
      made = 0
      work(5, until_true: -> { status[:retained_watched] > 1000 && made > 100_000 && status[:windows] > 100 }) do
        keep if (made += 1) % 10 == 0
        pass
      end
      survey
      tested = HeapPeriscopeAgent::Testing.retained_records.select { |row| row[4] }
      answer(sites: sites, weights: tested.sum { |row| row[2] }, watched: tested.size, status: status)
    RUBY
    kept = result[:sites].find { |site| site[:class_name] == "Kept" }
    expect(result[:status]).to include(retained_state: "on")
    expect(kept).to include(method: "Object#keep")
    expect(kept[:watched]).to be > 20
    expect(kept[:standard_error]).to be < kept[:objects]
    expect(kept[:bytes] / kept[:objects].to_f).to be_between(39.9, 100)
    expect(result[:sites].sum { |site| site[:objects] }).to be_within(result[:sites].size).of(result[:weights])
    expect(result[:sites].sum { |site| site[:watched] }).to eq(result[:watched])
    passing = result[:sites].find { |site| site[:class_name] == "Passing" }
    expect(passing ? passing[:watched] : 0).to be <= 3 # what a stale word on the machine's stack keeps
  end

  it "knows ages in major collections, and when the dead died" do
    result = run(<<~RUBY)
      #{retaining}
      start_sampling(budget: 0.3)
      work(1, until_true: -> { status[:retained_watched] > 200 }) { keep }
      age = -> { sites.find { |site| site[:class_name] == "Kept" }&.fetch(:ages) }
      GC.start(full_mark: false)
      HeapPeriscopeAgent::Testing.retained_survey
      ages = [age.call]
      5.times { survey; ages << age.call }
      $kept.clear
      survey
      work(0.5) { keep }
      survey
      answer(ages: ages, after: sites.find { |site| site[:class_name] == "Kept" })
    RUBY
    expect(result[:ages].last[:old]).to be > 0.8 * result[:ages].last.values.sum
    expect(result[:ages][1][:middle]).to be_positive
    expect(result[:after][:lifetimes].sum { |bucket| bucket[:objects] }).to be_positive
    expect(result[:after][:lifetimes].map { |bucket| bucket[:le_s] }).to eq([1.0, 10.0, 60.0, 600.0, 3600.0, nil])
  end

  it "lets the samples made after a collection stand for those whom it may have freed before their window was over" do
    result = run(<<~RUBY)
      #{retaining}
      start_sampling(budget: 1.0)
      HeapPeriscopeAgent::Testing.fix_plan(4_000_000, 3_000_000, 5)
      work(2, until_true: enough(60)) do
        100.times { pass }
        GC.start(full_mark: false)
      end
      survey
      HeapPeriscopeAgent.stop
      site = HeapPeriscopeAgent.allocation_sites(limit: 3).find { |row| row[:class_name] == "Passing" }
      keep = sites.find { |row| row[:class_name] == "Passing" }
      answer(allocated: site[:objects], died: HeapPeriscopeAgent::Testing.deaths("Passing"), watched: keep && keep[:watched])
    RUBY
    expect(result[:died]).to be_between(0.7 * result[:allocated], 1.4 * result[:allocated])
    expect(result[:watched].to_i).to be <= 3
  end

  it "tells where the survivors of a growth come from, and not what was made old in passing" do
    result = run(<<~RUBY)
      #{retaining}
      def hold = Kept.new
      def more(count) = status[:retained_watched].then { |before| -> { status[:retained_watched] > before + count } }
      start_sampling(budget: 0.5)
      HeapPeriscopeAgent::Testing.fix_plan(4_000_000, 3_000_000, 5)
      began = now
      work(1.5, until_true: more(60)) { keep.then { sleep 0.001 } }
      HeapPeriscopeAgent::Testing.retained_survey
      held = []
      work(0.1, until_true: more(60)) { 50.times { held << hold }.then { sleep 0.001 } }
      HeapPeriscopeAgent::Testing.retained_survey
      4.times { GC.start }
      HeapPeriscopeAgent::Testing.retained_survey
      held = nil
      work(0.6) { keep.then { sleep 0.001 } }
      GC.start(full_mark: false)
      HeapPeriscopeAgent::Testing.retained_survey
      origins = ->(settled) { HeapPeriscopeAgent::Testing.retained_origins("Kept", now - began, settled, false).to_h }
      answer(all: origins.call(0), settled: origins.call(0.5))
    RUBY
    expect(result[:all].keys).to contain_exactly(:"Object#keep", :"Object#hold")
    expect(result[:settled]).to eq("Object#keep": 1.0)
  end

  it "weighs survivors by their bytes where objects grow and not their number" do
    result = run(<<~RUBY)
      class Text < String; end
      $kept = []
      def small = $kept << Text.new
      def large = $kept << Text.new(capacity: 20_000)
      start_sampling(budget: 0.5)
      HeapPeriscopeAgent::Testing.fix_plan(4_000_000, 3_000_000, 5)
      work(2, until_true: -> { status[:retained_watched] > 1_000 }) { 20.times { small }; large; sleep 0.001 }
      GC.start
      HeapPeriscopeAgent::Testing.retained_survey
      answer([false, true].map { |bytes| HeapPeriscopeAgent::Testing.retained_origins("Text", 60, 0, bytes).to_h })
    RUBY
    expect(result.first).to include("Object#small": a_value > 0.8)
    expect(result.last).to include("Object#large": a_value > 0.8)
  end

  it "leaves finalizers, identity and freedom to be frozen of watched objects alone" do
    result = run(<<~RUBY)
      #{retaining}
      start_sampling(budget: 0.5)
      $finalized = 0
      def finalizer = proc { $finalized += 1 }
      work(2, until_true: enough(60)) do
        object = keep.last
        ObjectSpace.define_finalizer(object, finalizer)
        ObjectSpace.undefine_finalizer(object) if rand < 0.5
        $kept.shift if $kept.size > 2000
      end
      frozen = $kept.map(&:frozen?).uniq
      $kept.clear
      survey
      survey
      answer(finalized: $finalized, frozen: frozen, state: status[:retained_state])
    RUBY
    expect(result).to include(frozen: [false], state: "on")
    expect(result[:finalized]).to be_positive
  end

  it "makes nobody live through a full collection whom the program has let go of" do
    result = run(<<~RUBY)
      #{retaining}
      require "weakref"
      start_sampling(budget: 0.5)
      HeapPeriscopeAgent::Testing.fix_plan(4_000_000, 3_000_000, 3)
      rounds = Array.new(60) do
        references = Thread.new { Array.new(300) { WeakRef.new(pass) } }.value
        # The window is open at one time, digested at another, and its samples wait at a third.
        work(rand * 0.006) { [] }
        GC.start
        [references.count(&:weakref_alive?), ObjectSpace.each_object(Passing).count]
      end
      answer(rounds: rounds, stacks: status[:stacks])
    RUBY
    expect(result[:stacks]).to be > 1000
    # Of 300, where they were held: dozens. Plain Ruby finds one by a stale word on the machine's stack now and then.
    expect(result[:rounds].flatten.max).to be <= 1
  end

  it "leaves those who are sampled where compaction may move them" do
    result = run(<<~RUBY)
      #{retaining}
      start_sampling(budget: 0.5)
      HeapPeriscopeAgent::Testing.fix_plan(4_000_000, 3_000_000, 2)
      address = ->(object) { Kernel.instance_method(:to_s).bind_call(object)[/0x\\h+/] }
      moved = 0
      work(3, until_true: -> { moved > 2000 }) do
        20.times { keep }
        before = $kept.map(&address)
        GC.verify_compaction_references(toward: :empty)
        moved += $kept.zip(before).count { |object, was| address.call(object) != was }
        $kept.shift(10) if $kept.size > 200
      end
      survey
      answer(moved: moved, stacks: status[:stacks], wrong: $kept.count { |object| object.class != Kept })
    RUBY
    expect(result[:moved]).to be > 2000
    expect(result[:stacks]).to be > 100
    expect(result[:wrong]).to eq(0)
  end
end
