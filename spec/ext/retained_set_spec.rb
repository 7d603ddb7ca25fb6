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
    # Those who wait are put in, tested by a collection, and looked at.
    def survey
      HeapPeriscopeAgent::Testing.retained_survey
      GC.start
      HeapPeriscopeAgent::Testing.retained_survey
    end
    def sites = HeapPeriscopeAgent.retained_sites(limit: 100)
  RUBY

  # The set by itself: the sampler's windows are years apart, and what is watched is what the script watches.
  by_hand = <<~RUBY
    #{retaining}
    class Other; end
    OURS = 1 << 30
    start_sampling
    HeapPeriscopeAgent::Testing.fix_plan(10**17, 1_000_000, 1e9)
    HeapPeriscopeAgent::Testing.retained_seed(7)
    def watch(object, weight, window = 0) = HeapPeriscopeAgent::Testing.retained_add(object, weight, window, OURS)
    def ours = HeapPeriscopeAgent::Testing.retained_records.select { |row| row[0] == OURS }
    def weights = ours.map { |row| row[2] }
  RUBY

  if SampledProgram.fragile?
    it "is refused where the VM is not sound, with the reason, while windows are sampled" do
      result = run(<<~RUBY)
        #{retaining}
        start_sampling
        work(1, until_true: enough(20)) { keep; pass }
        survey
        answer(status: status, sites: sites, windows: HeapPeriscopeAgent.allocation_sites(limit: 1))
      RUBY
      expect(result[:status]).to include(state: "on", retained_state: "refused", retained_watched: 0)
      expect(result[:status][:retained_reason]).to match(/WeakMap.*Ruby #{RUBY_VERSION}.*3\.1\.4, 3\.2\.3 or newer/)
      expect(result[:sites]).to eq([])
      expect(result[:windows]).not_to be_empty
    end
  else
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

    it "adds up to the weight of what lives, to the object" do
      result = run(<<~RUBY)
        #{by_hand}
        $kept = Array.new(3000) { |n| Kept.new.tap { |kept| watch(kept, n % 7, n) } }
        survey # more at once would be too many to wait, and thinned
        2000.times { |n| watch(Passing.new, 10_000.0, n) }
        survey
        before = weights.partition { |weight| weight < 10_000 }
        $kept.select!.with_index { |_, n| n < 1000 } # in place: parts of an Array keep the whole alive
        survey
        answer(before: before.map(&:sum), after: weights.reject { |weight| weight >= 10_000 }.sum, tested: ours.all? { |row| row[4] })
      RUBY
      whole = (0...3000).sum { |n| n % 7 }
      expect(result[:before][0]).to eq(whole)
      expect(result[:before][1]).to be <= 3 * 10_000 # again the stack
      expect(result[:after]).to be_within(3 * 6).of((0...1000).sum { |n| n % 7 })
      expect(result[:tested]).to be(true)
    end

    it "knows what its map takes, so that leak suspects can do without it" do
      result = run(<<~RUBY)
        #{by_hand}
        $kept = Array.new(3000) { Kept.new.tap { |kept| watch(kept, 1.0) } }
        survey
        during = HeapPeriscopeAgent::Testing.retained_map_bytes
        maps = ObjectSpace.each_object(ObjectSpace::WeakMap).map { |map| ObjectSpace.memsize_of(map) }
        answer(during: during, maps: maps)
      RUBY
      expect(result[:during]).to be > 3000 * 16
      expect(result[:maps]).to include(result[:during])
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
        GC.start
        GC.start
        survey
        work(0.5) { keep }
        survey
        answer(ages: ages, after: sites.find { |site| site[:class_name] == "Kept" })
      RUBY
      expect(result[:ages].last[:old]).to be > 0.8 * result[:ages].last.values.sum
      expect(result[:ages][3][:middle]).to be_positive
      expect(result[:after][:lifetimes].sum { |bucket| bucket[:objects] }).to be_positive
      expect(result[:after][:lifetimes].map { |bucket| bucket[:le_s] }).to eq([1.0, 10.0, 60.0, 600.0, 3600.0, nil])
    end

    it "takes no object for another while objects move and slots are used again" do
      result = run(<<~RUBY)
        #{by_hand}
        $kept = Array.new(2000) { |n| Kept.new.tap { |kept| watch(kept, n + 1) } }
        HeapPeriscopeAgent::Testing.retained_survey
        $kept.select!.with_index { |_, n| n.even? }
        others = []
        30.times do |round|
          GC.verify_compaction_references(toward: :empty)
          2000.times { others << Other.new }
          others.reject!.with_index { |_, n| n < 1500 }
          others.last(20).each { |other| watch(other, 1e6 + round) }
          HeapPeriscopeAgent::Testing.retained_survey
        end
        survey
        answer(kept: weights.select { |weight| weight < 1e6 }.map(&:to_i), others: weights.count { |weight| weight >= 1e6 })
      RUBY
      odd = (1..2000).step(2).to_a
      expect(odd - result[:kept]).to eq([])
      expect((result[:kept] - odd).size).to be <= 3 # the stack
      expect(result[:others]).to be_between(1, 600)
    end

    it "lets half go at random when it is full, and counts the rest double" do
      result = run(<<~RUBY)
        #{by_hand}
        most = 0
        60.times do
          500.times { |n| watch(keep.last, 1.0, n) }
          most = [most, status[:retained_watched]].max
          survey
        end
        answer(most: most, weights: weights.tally, alive: $kept.size, missed: status[:retained_missed])
      RUBY
      heaviest = result[:weights].keys.map { |weight| weight.to_s.to_f }.max
      estimate = result[:weights].sum { |weight, count| weight.to_s.to_f * count }
      # Each survivor of the draws stands for `weight` objects: the variance of their sum is at most alive * (heaviest - 1).
      sigma = Math.sqrt(result[:alive] * (heaviest - 1))
      expect(result).to include(missed: 0, most: be_between(7_500, 10_000))
      expect(heaviest).to be >= 4
      expect(estimate).to be_within(5 * sigma).of(result[:alive])
    end

    it "bears a survey that is late: half of those who wait for it go at random, and the rest counts double" do
      result = run(<<~RUBY)
        #{by_hand}
        20_000.times { watch(keep.last, 1.0) }
        waiting = status[:retained_watched]
        survey
        answer(waiting: waiting, heaviest: weights.max, sum: weights.sum)
      RUBY
      expect(result[:waiting]).to be <= 4096
      expect(result[:heaviest]).to be >= 4
      sigma = Math.sqrt(20_000 * (result[:heaviest] - 1))
      expect(result[:sum]).to be_within(5 * sigma).of(20_000)
    end

    it "holds those who wait through two collections, and then a few, who stand for the others" do
      result = run(<<~RUBY)
        #{by_hand}
        alive = -> { ObjectSpace.each_object(Passing).count }
        watch(keep.last, 0.0)
        sleep 0.005 until ours.first.last == "(unnamed)" # the reporter has just been here, and will not be back for a second
        GC.disable
        -> { 2000.times { watch(Passing.new, 1.0) } }.call
        counts = Array.new(4) { GC.start.then { alive.call } }
        100.times { watch(keep.last, 1.0) }
        HeapPeriscopeAgent::Testing.retained_survey
        sum = weights.sum
        watched = ours.size
        tested = ours.count { |record| record[4] }
        GC.start
        HeapPeriscopeAgent::Testing.retained_survey
        answer(counts: counts, sum: sum, watched: watched, missed: status[:retained_missed], tested: tested, left: weights.sum)
      RUBY
      expect(result[:counts]).to eq([2000, 2000, 48, 48])
      expect(result[:watched]).to eq(result[:counts].last + 101)
      expect(result[:sum]).to be_within(0.01).of(2100)
      expect(result[:missed]).to eq(2101 - result[:watched])
      expect(result[:tested]).to be <= 1 # who grew old is not, before a full collection has run
      expect(result[:left]).to be_within(20).of(100)
    end

    it "keeps of those who wait for long all of a rare origin, and shares the rest of the room out evenly" do
      result = run(<<~RUBY)
        #{by_hand}
        def watch_as(origin, count) = count.times { HeapPeriscopeAgent::Testing.retained_add(Passing.new, 1.0, 0, OURS + origin) }
        def rows(origin) = HeapPeriscopeAgent::Testing.retained_records.select { |row| row[0] == OURS + origin }
        watch($kept.push(Kept.new).last, 0.0)
        sleep 0.005 until ours.first.last == "(unnamed)"
        GC.disable
        -> { [1500, 1000, 10, 3].each_with_index { |count, n| watch_as(n + 1, count) } }.call
        4.times { GC.start }
        HeapPeriscopeAgent::Testing.retained_survey
        answer((1..4).map { |origin| rows(origin).then { |found| [found.size, found.sum { |row| row[2] }] } })
      RUBY
      sizes, sums = result.transpose
      expect(sizes.drop(2)).to eq([10, 3])
      expect(sizes.take(2)).to eq([17, 17]) # of the 48 places, 1 left over
      sums.zip([1500, 1000, 10, 3]) { |sum, truth| expect(sum).to be_within(0.01).of(truth) }
    end

    it "loses nobody to collections that run while they are put into the map" do
      result = run(<<~RUBY)
        #{by_hand}
        GC.disable
        [0, 300].each do |count| # the first time fills the VM's caches of methods, which takes memory
          count.times { watch(keep.last, 1.0) }
          GC.enable
          GC.stress = count > 0
          HeapPeriscopeAgent::Testing.retained_survey
          GC.stress = false
          GC.disable
        end
        answer(sum: weights.sum, missed: status[:retained_missed])
      RUBY
      expect(result).to eq(sum: 300.0, missed: 0)
    end

    it "lets who would have to wait too long go at once, and fewer grow old the longer the last full collection is away" do
      result = run(<<~RUBY)
        #{by_hand}
        alive = -> { ObjectSpace.each_object(Passing).count }
        minor = -> { GC.start(full_mark: false) }
        watch($kept.push(Kept.new).last, 0.0)
        sleep 0.005 until ours.first.last == "(unnamed)"
        GC.disable
        late = lambda do
          before = alive.call
          -> { 2000.times { watch(Passing.new, 1.0) } }.call
          held = Array.new(4) { minor.call; alive.call - before }
          HeapPeriscopeAgent::Testing.retained_survey
          held
        end
        rounds = Array.new(4) { late.call }
        sum = weights.sum
        GC.start
        HeapPeriscopeAgent::Testing.retained_survey
        answer(rounds: rounds, sum: sum, afresh: late.call.last)
      RUBY
      one_more = ->(size) { be_between(size, size + 1) } # that the stack still knows
      expect(result[:rounds].first).to match([2000, 2000, 48, 48].map(&one_more))
      expect(result[:rounds].drop(1)).to match([27, 22, 19].map { |size| [one_more.call(size)] * 4 }) # 48 * 64 / (64 + those before)
      expect(result[:sum]).to be_within(0.1).of(8000)
      expect(result[:afresh]).to one_more.call(48)
    end

    it "tells where the survivors of a growth come from, and not what a full collection made old in passing" do
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

    it "notes the thread that made an object" do
      result = run(<<~RUBY)
        #{retaining}
        start_sampling
        thread = Thread.new { Thread.current.name = "maker"; work(1, until_true: -> { status[:retained_watched] > 50 }) { keep } }
        thread.join
        survey
        answer(HeapPeriscopeAgent::Testing.retained_records.map(&:last).tally)
      RUBY
      expect(result.keys).to include(:maker)
    end

    it "leaves finalizers and identity of watched objects alone" do
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
  end
end
