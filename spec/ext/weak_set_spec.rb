# frozen_string_literal: true

require "support/sampled_program"

# The retained set by itself: the sampler's windows are years apart, and what is watched is what the script watches.
RSpec.describe "weak set", timeout: 240 do
  def self.kinds
    version = Gem::Version.new(RUBY_VERSION)
    [("ids" if version < Gem::Version.new("3.5")), ("map" if version >= Gem::Version.new("3.4"))].compact
  end

  def run(kind, code, **options)
    SampledProgram.run(<<~RUBY, **options)
      class Kept; def initialize = @text = "t" * 100; end
      class Passing; end
      class Other; end
      OURS = 1 << 30
      Door = HeapPeriscopeAgent::Testing
      $kept = []
      Door.weak_set("#{kind}") or abort("no such kind")
      start_sampling
      Door.fix_plan(10**17, 1_000_000, 1e9)
      Door.retained_seed(7)
      sleep 0.02 until status[:retained_state] == "on"
      def keep = $kept.push(Kept.new).last
      # Once the sampler's own window is over.
      def add(rows, window, room, &block) = (sleep 0.001 until Door.retained_add(rows, window, room, &block))
      # Samples of one window. The Arrays on the way are emptied: one that a stale word on the machine's stack keeps must not keep all.
      def watch(made, weight = 1.0, window = 0, origin: 0, room: nil, &block)
        made = [made] unless made.is_a?(Array)
        until made.empty?
          rows = []
          rows << [made.pop, weight, OURS + origin] while rows.size < 500 && !made.empty?
          add(rows, window, room, &block)
        end
      end
      def rows(origin = 0) = Door.retained_records.select { |row| row[0] == OURS + origin }
      def weights(origin = 0) = rows(origin).map { |row| row[2] }
      def settle = Door.retained_survey
      def survey = GC.start.then { settle }
      def undisturbed = GC.disable.then { yield }.then { settle }.then { GC.enable }
      #{code}
    RUBY
  end

  kinds.each do |kind|
    context "with #{kind}" do
      it "adds up to the weight of what lives, to the object" do
        result = run(kind, <<~RUBY)
          undisturbed { 3000.times { |n| watch(keep, n % 7, n) } }
          undisturbed { watch(Array.new(2000) { Passing.new }, 10_000.0) }
          survey
          before = weights.partition { |weight| weight < 10_000 }
          $kept.select!.with_index { |_, n| n < 1000 } # in place: parts of an Array keep the whole alive
          survey
          answer(before: before.map(&:sum), after: weights.reject { |weight| weight >= 10_000 }.sum, tested: rows.all? { |row| row[4] })
        RUBY
        expect(result[:before][0]).to eq((0...3000).sum { |n| n % 7 })
        expect(result[:before][1]).to be <= 3 * 10_000 # what a stale word on the machine's stack keeps
        expect(result[:after]).to be_within(3 * 6).of((0...1000).sum { |n| n % 7 })
        expect(result[:tested]).to be(true)
      end

      it "keeps nobody alive, whether watched for long, just now or not yet" do
        result = run(kind, <<~RUBY)
          left = ->(made) { GC.start; ObjectSpace.each_object(made).count }
          batch = ->(kind) { Array.new(400) { kind.new } }
          counts = Array.new(20) do
            Thread.new { watch(batch.call(Passing)); settle }.join
            long = left.call(Passing)
            Thread.new { watch(batch.call(Passing)) }.join
            fresh = left.call(Passing)
            Thread.new { watch(batch.call(Other)) { GC.start } }.join
            [long, fresh, left.call(Other)]
          end
          answer(counts: counts, watched: survey)
        RUBY
        expect(result[:counts].flatten.max).to be <= 1
        expect(result[:counts].flatten.count(&:positive?)).to be <= 2 # the stack
        expect(result[:watched]).to be <= 2
      end

      it "takes no object for another while objects move and slots are used again" do
        result = run(kind, <<~RUBY)
          undisturbed { 2000.times { |n| watch(keep, n + 1) } }
          $kept.select!.with_index { |_, n| n.even? }
          others = []
          30.times do |round|
            GC.verify_compaction_references(toward: :empty)
            2000.times { others << Other.new }
            others.reject!.with_index { |_, n| n < 1500 }
            watch(others.last(20), 1e6 + round) { GC.compact if round.odd? }
            settle
          end
          survey
          answer(kept: weights.select { |weight| weight < 1e6 }.map(&:to_i), others: weights.count { |weight| weight >= 1e6 })
        RUBY
        odd = (1..2000).step(2).to_a
        expect(odd - result[:kept]).to eq([])
        expect((result[:kept] - odd).size).to be <= 3 # the stack
        expect(result[:others]).to be_between(1, 600)
      end

      it "takes no new object for one that died in the same place before its window was over" do
        result = run(kind, <<~RUBY)
          wrong = 0
          30.times do
            before = rows.size
            Thread.new do
              watch(Array.new(500) { Passing.new }) do
                GC.start
                $other = Array.new(3000) { Passing.new } # some of them where others were
              end
            end.join
            settle
            survey
            wrong += rows.size - before
          end
          answer(wrong: wrong)
        RUBY
        expect(result[:wrong]).to be <= 3 # the stack
      end

      it "does not know an object that has become one of another class" do
        result = run(kind, <<~RUBY)
          $kept = Array.new(10) { Kept.new }
          $kept.each { |object| watch(object) }
          settle
          survey
          before = rows.size
          $kept.first(4).each { |object| Door.become(object, Other) }
          class << $kept[5]; def single = 1; end # the same class, for all that
          $kept[6].extend(Comparable)
          survey
          answer(before: before, after: rows.size)
        RUBY
        expect(result).to eq(before: 10, after: 6)
      end

      it "watches what is frozen, basic, or of classes without a name, and nothing hidden" do
        result = run(kind, <<~RUBY)
          nameless = Class.new
          odd = Class.new { def object_id = raise; def __id__ = raise; def method_missing(*) = raise; def respond_to?(*) = raise; def class = raise }
          $kept = [Kept.new.freeze, "text".dup.freeze, BasicObject.new, nameless.new, odd.new, [1], {1 => 2}, Class.new, 1.5.to_r, Struct.new(:a).new(1), Thread.new {}]
          $kept.each { |one| watch([one]) }
          settle
          survey
          survey
          Door.hide($kept[5])
          answer(watched: rows.size, state: status[:retained_state], failures: HeapPeriscopeAgent.agent_cost[:failures], hidden: (watch([$kept[5]]); rows.size))
        RUBY
        expect(result).to eq(watched: 11, state: "on", failures: 0, hidden: 11)
      end

      it "asks the VM's own methods, whatever the program makes of them" do
        result = run(kind, <<~RUBY)
          def ObjectSpace._id2ref(*) = raise("the program's")
          class ObjectSpace::WeakMap
            def []=(*) raise("the program's") end
            def each_pair(*) = raise("the program's")
          end
          HeapPeriscopeAgent.stop
          start_sampling
          Door.fix_plan(10**17, 1_000_000, 1e9)
          sleep 0.02 until status[:retained_state] == "on"
          undisturbed { 300.times { watch(keep) } }
          survey
          answer(watched: rows.count { |row| row[4] }, failures: HeapPeriscopeAgent.agent_cost[:failures])
        RUBY
        expect(result).to eq(watched: 300, failures: 0)
      end

      it "lets half go at random when it is full, and counts the rest double" do
        result = run(kind, <<~RUBY)
          most = 0
          60.times do
            undisturbed { 500.times { |n| watch(keep, 1.0, n) }.then { most = [most, status[:retained_watched]].max } }
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

      it "chooses all of a rare origin where there are too many, and shares the rest of the room out evenly" do
        result = run(kind, <<~RUBY)
          made = [300, 150, 10, 3].each_with_index.flat_map { |count, n| Array.new(count) { [keep, 1.0, OURS + n + 1] } }
          add(made.shuffle, 0, 48)
          settle
          answer((1..4).map { |origin| [rows(origin).size, weights(origin).sum] })
        RUBY
        sizes, sums = result.transpose
        expect(sizes.drop(2)).to eq([10, 3])
        expect(sizes.take(2)).to eq([17, 17]) # of the 48 places, 1 left over
        sums.zip([300, 150, 10, 3]) { |sum, truth| expect(sum).to be_within(0.01).of(truth) }
      end

      it "learns what has become of each, whatever the collector does before the next visit" do
        result = run(kind, <<~RUBY)
          GC.disable
          ways = [{}, { full_mark: false }, { immediate_sweep: false }, { immediate_mark: false, immediate_sweep: false }]
          collect = [*ways.map { |way| -> { GC.start(**way) } }, -> { GC.compact }]
          collect.cycle(3) do |collection|
            Thread.new { watch(Array.new(100) { Passing.new }, origin: 1) }.join
            watch(Array.new(100) { keep })
            collection.call
            GC.enable
            Array.new(5000) { Passing.new } # in the places of those who died
            GC.disable
          end
          settle
          survey
          answer(kept: weights, others: rows(1).size, missed: status[:retained_missed])
        RUBY
        expect(result[:kept].sum).to be_within(1e-6).of(1500)
        expect(result[:kept].size).to be > 1000 # the others may be stood for: they were not digested yet
        expect(result[:others]).to be <= 3 # the stack
        expect(result[:missed]).to eq(0)
      end

      it "knows that nobody has died of a marking that is still under way" do
        result = run(kind, <<~RUBY)
          GC.disable
          collect = proc { GC.start(immediate_mark: false, immediate_sweep: false) }
          watch(Array.new(100) { keep }, &collect) # begins one
          states = [GC.latest_gc_info(:state)]
          GC.start
          watch(Array.new(100) { keep })
          collect.call
          states << GC.latest_gc_info(:state)
          settle
          answer(weights: weights.tally, states: states, missed: status[:retained_missed])
        RUBY
        expect(result).to eq(weights: { "1.0": 200 }, states: %w[marking marking], missed: 0)
      end

      it "loses and mistakes nobody when a collection runs at every allocation" do
        result = run(kind, <<~RUBY)
          watch(keep)
          settle
          GC.stress = true
          40.times { watch(keep) }
          settle
          settle
          GC.stress = false
          survey
          answer(sum: weights.sum, missed: status[:retained_missed])
        RUBY
        expect(result[:sum]).to eq(41.0)
        expect(result[:missed]).to eq(0)
      end
    end
  end

  if kinds.include?("map")
    it "has others stand for those of whom the VM does not tell whether they were marked" do
      result = run("map", <<~RUBY, env: { "HEAP_PERISCOPE_TESTING_MISSING" => "rb_gc_object_metadata rb_obj_gc_flags" })
        GC.disable
        watch(Array.new(100) { keep })
        GC.start
        settle
        watch(Array.new(50) { keep })
        settle
        answer(weights: weights, missed: status[:retained_missed])
      RUBY
      expect(result).to eq(weights: [3.0] * 50, missed: 100)
    end

    it "gives the places of those back for whom there is no room to wait" do
      result = run("map", <<~RUBY)
        GC.disable
        watch(Array.new(5000) { keep })
        settle
        watch(keep)
        settle
        before = weights.sum
        $kept.clear
        survey
        answer(before: before, after: rows.size)
      RUBY
      expect(result[:before]).to be_within(1e-6).of(5001)
      expect(result[:after]).to be <= 3
    end

    it "knows what its map takes, so that leak suspects can do without it" do
      result = run("map", <<~RUBY)
        undisturbed { 3000.times { watch(keep) } }
        survey
        during = Door.retained_map_bytes
        maps = ObjectSpace.each_object(ObjectSpace::WeakMap).map { |map| ObjectSpace.memsize_of(map) }
        answer(during: during, maps: maps)
      RUBY
      expect(result[:during]).to be > 3000 * 16
      expect(result[:maps]).to include(result[:during])
    end
  end

  if kinds.include?("ids")
    it "ends, and says why, where a Ractor has started, and takes nobody for dead" do
      result = run("ids", <<~RUBY)
        300.times { watch(keep) }
        survey
        before = Door.deaths(nil)
        Ractor.new { 1 }.then { |ractor| ractor.respond_to?(:value) ? ractor.value : ractor.take }
        survey
        sleep 0.1
        answer(died: Door.deaths(nil) - before, status: status)
      RUBY
      expect(result[:died]).to eq(0)
      expect(result[:status]).to include(retained_state: "refused", retained_reason: /Ractor/)
    end

    it "spreads its questions, so that no visit takes long" do
      result = run("ids", <<~RUBY)
        8.times { watch(Array.new(1000) { Passing.new }) }
        GC.start
        pieces = Door.survey_pieces
        answer(pieces: pieces, longest: pieces.max, left: rows.size)
      RUBY
      expect(result[:pieces].size).to be > 3 # 8 000 exceptions are no single visit
      expect(result[:longest]).to be < 3_000_000 # ns of processor time, with what a single exception may take under load
      expect(result[:left]).to be <= 4
    end
  end
end
