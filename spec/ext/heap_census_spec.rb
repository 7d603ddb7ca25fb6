# frozen_string_literal: true

require "objspace"
require "heap_periscope_agent"
require_relative "../support/watched_program"

RSpec.describe "heap census", :native, :walks_heap do
  let(:testing) { HeapPeriscopeAgent::Testing }
  # Ruby's names of the T_ types, by number
  let(:numbers) do
    { T_OBJECT: 1, T_CLASS: 2, T_MODULE: 3, T_FLOAT: 4, T_STRING: 5, T_REGEXP: 6, T_ARRAY: 7, T_HASH: 8, T_STRUCT: 9,
      T_BIGNUM: 10, T_FILE: 11, T_DATA: 12, T_MATCH: 13, T_COMPLEX: 14, T_RATIONAL: 15, T_SYMBOL: 20, T_IMEMO: 26,
      T_NODE: 27, T_ICLASS: 28 }
  end

  # Counts of Ruby and ours, with nothing allocated in between that both would not see.
  def both_counts(slice_ns = 0)
    GC.start
    counts = {}
    ObjectSpace.count_objects(counts)
    GC.disable
    GC.start
    ObjectSpace.count_objects(counts)
    [counts, testing.census(false, false, slice_ns)]
  ensure
    GC.enable
  end

  def by_type(census)
    numbers.to_h { |name, number| [name, census[:types][number]] }
  end

  # What is called between the two counts costs some objects, inline caches among them.
  def expect_equal_counts(counts, census, slack: 60)
    by_type(census).each do |name, count|
      expect(count).to be_within(slack).of(counts.fetch(name, 0)), "#{name}: #{count}, Ruby says #{counts[name]}"
    end
    expect(census[:objects]).to be_within(slack).of(counts[:TOTAL] - counts[:FREE])
  end

  it "counts by T_ type as ObjectSpace.count_objects does" do
    keep = [Array.new(1000) { Object.new }, 1.0.next_float, (2**70), 1r, 1i, /a#{rand}/, Class.new, Module.new]
    counts, census = both_counts
    expect_equal_counts(counts, census)
    expect(census).to include(complete: true, collections: 0)
    expect(keep.size).to eq(8)
  end

  it "counts the same after compaction and walked in slices" do
    keep = Array.new(50_000) { |n| n.odd? ? "string #{n}" : Object.new }
    keep.select!.with_index { |_, n| (n % 7).zero? }
    GC.compact if GC.respond_to?(:compact)
    counts, census = both_counts
    expect_equal_counts(counts, census)
    counts, census = both_counts(50_000)
    expect(census[:slices]).to be > 1
    expect_equal_counts(counts, census, slack: 200 + (20 * census[:slices])) # each slice allocates in Ruby
    expect(keep.size).to be > 0
  end

  it "finishes a lazy sweep first and counts what is left" do
    20.times do
      Array.new(20_000) { |n| [n] }
      GC.start(full_mark: false, immediate_sweep: false)
      counts = ObjectSpace.count_objects
      census = testing.census(false, false, 0)
      # what was still to be swept is swept now: never more objects than before, and what Ruby counts afterwards
      after = ObjectSpace.count_objects
      expect(census[:objects]).to be_within(200).of(after[:TOTAL] - after[:FREE])
      expect(census[:objects]).to be <= counts[:TOTAL] - counts[:FREE] + 100
    end
  end

  it "tells TOTAL and FREE as ObjectSpace does, pages that are wholly free included" do
    junk = Array.new(300_000) { Object.new }
    junk.clear
    GC.start
    before = ObjectSpace.count_objects
    summary = HeapPeriscopeAgent.snapshot.fetch(:object_space_summary)
    counts = ObjectSpace.count_objects
    expect(summary[:TOTAL]).to be_between(*[before[:TOTAL], counts[:TOTAL]].minmax) # under stress pages go in between
    live = counts[:TOTAL] - counts[:FREE] # pages that went are wholly free, so of objects both count the same
    expect(summary[:TOTAL] - summary[:FREE]).to be_within(counts[:TOTAL] / 100).of(live)
    expect(summary.values.sum - summary[:TOTAL]).to be_within(50).of(summary[:TOTAL])
  end

  it "counts retained objects exactly, however small the slices and whatever runs between them" do
    klass = Class.new
    stub_const("CensusSpecCounted", klass)
    keep = Array.new(30_000) { CensusSpecCounted.new }
    between = [-> { GC.start }, -> { Array.new(1000) { +"x" } }, -> { GC.compact if GC.respond_to?(:compact) },
               -> { Class.new.new }, -> { keep.map(&:itself) }]
    turn = 0
    census = testing.census(true, true, 50_000) { between[(turn += 1) % between.size].call }
    expect(census[:slices]).to be > 5
    expect(census[:complete]).to be(true)
    counted = census[:classes].fetch("CensusSpecCounted")
    # compaction between two slices may carry an object past the cursor or ahead of it
    expect(counted[0]).to be_within(30_000).of(30_000)
    GC.auto_compact = false if GC.respond_to?(:auto_compact=)
    expect(testing.census(true, true, 0)[:classes].fetch("CensusSpecCounted")[0]).to be_within(2).of(30_000)
    exact = testing.census(true, true, 50_000) { Array.new(10) { +"y" } }
    expect(exact[:classes].fetch("CensusSpecCounted")[0]).to be_within(2).of(30_000)
  ensure
    GC.auto_compact = true if GC.respond_to?(:auto_compact=)
  end

  # What it listed in an earlier slice is not there any more. In a process of its own: how many pages the VM gives
  # back depends on how grown and how ragged the heap was before.
  it "walks no page that the VM has freed between two slices" do
    out = WatchedProgram.run!(<<~RUBY).out
      def give_pages_back = Process.respond_to?(:warmup) ? Process.warmup : GC.start
      freed = GC.stat(:total_freed_pages)
      rounds = 0
      census = HeapPeriscopeAgent::Testing.census(true, true, 50_000) do
        Array.new(400_000) { Object.new } if (rounds += 1) < 4
        give_pages_back if rounds < 6
      end
      print [GC.stat(:total_freed_pages) - freed, rounds, census[:complete],
             census[:objects].to_f / GC.stat(:heap_live_slots)].join(" ")
    RUBY
    freed, rounds, complete, share = out.split
    expect(freed.to_i).to be > 50
    expect(rounds.to_i).to be > 6
    expect(complete).to eq("true")
    expect(share.to_f).to be_within(0.2).of(1)
  end

  # Listing its pages takes the VM longer than any slice should be; up to Ruby 3.3 its counters tell when there is nothing new.
  describe "of a heap that is as it was", if: RUBY_VERSION < "3.4" do
    # @return [Array<Integer>] listings by two censuses, the second after `change`, and objects of a class of its own in both
    def listings_and_objects(change)
      WatchedProgram.run!(<<~RUBY).out.split.map(&:to_i)
        GC.auto_compact = false if GC.respond_to?(:auto_compact=)
        testing = HeapPeriscopeAgent::Testing
        Counted = Class.new
        keep = Array.new(200_000) { Counted.new }
        4.times { GC.start } # its empty pages go
        GC.disable
        counts = [-> {}, -> { #{change} }].flat_map do |change|
          change.call
          before = testing.heap_page_listings
          census = testing.census(true, true, 200_000)
          raise "incomplete" unless census[:complete]
          [testing.heap_page_listings - before, census[:classes].fetch("Counted", [0])[0]]
        end
        $stdout.syswrite(counts.join(" "))
        exit!(true) # under valgrind what nothing collects any more would count as lost
      RUBY
    end

    it "asks the VM no more for its pages" do
      expect(listings_and_objects("")).to match([be > 0, 200_000, 0, 200_000])
    end

    it "asks when pages have come, and counts what is on them" do
      expect(listings_and_objects("keep.concat(Array.new(300_000) { Counted.new })")).to match([be > 0, 200_000, be > 0, 500_000])
    end

    it "asks when pages have gone" do
      change = "GC.enable; keep.clear; freed = GC.stat(:total_freed_pages); 8.times { GC.start }; " \
               "raise 'none' if GC.stat(:total_freed_pages) == freed"
      first, before, second, after = listings_and_objects(change)
      expect([first, second]).to all(be > 0)
      expect([before, after]).to match([200_000, be < 100])
    end

    it "asks when objects were moved" do
      expect(listings_and_objects("GC.compact")).to match([be > 0, 200_000, be > 0, 200_000])
    end
  end

  describe "bytes", :vm_sizes, :endless_under_valgrind do
    # What each kind makes of heirs of its own, so that nothing else in the process counts among them.
    kinds = {
      "strings" => 'Array.new(900) { |n| Text.new << "s" * (n % 300) } << (Text.new << "x" * 1_000_000) << Text.new(capacity: 900)',
      "strings that share a buffer" => 'Array.new(200) { |n| Text.new(("z" * 900)[0, 300 + n]) }',
      "frozen strings" => "Array.new(200) { |n| (Text.new << 'z' * (n * 3)).freeze }",
      "strings of wide characters" => '%w[UTF-16LE UTF-32BE].flat_map { |wide| Array.new(100) { |n| Text.new("".encode(wide)) << ("s" * n).encode(wide) } }',
      "arrays" => "Array.new(500) { |n| List.new(n % 90) { n } }",
      "arrays that share a buffer" => "Array.new(300) { |n| List.new(30 + n).tap(&:shift).then { |list| [list, list.dup] } }.flatten(1)",
      "frozen arrays" => "Array.new(300) { |n| List.new(n).freeze }",
      "hashes" => "Array.new(500) { |n| Map.new.update((0..(n % 40)).to_h { |k| [k, k] }) }",
      "structs" => "Array.new(100) { Pair.new(1, 2) } + Array.new(100) { Wide.new(*1..30) }",
      "objects" => "Array.new(500) { |n| name(Plain.new, n % 40) }",
      "instance variables where there is no room" =>
        "[Text, List, Map].flat_map { |heir| Array.new(100) { |n| name(heir.new, 1 + n % 20) } } + Array.new(50) { name(Pair.new, 9) }",
      "others" => 'Array.new(100) { |n| Pattern.new("a" * n) } + Array.new(50) { Lock.new } + Array.new(20) { Stream.new(1, autoclose: false) }'
    }.freeze
    heirs = { "Text" => "String", "List" => "Array", "Map" => "Hash", "Plain" => "Object", "Pattern" => "Regexp", "Lock" => "Mutex",
              "Stream" => "IO", "Pair" => "Struct.new(:a, :b)", "Wide" => "Struct.new(*('a'..'z').map(&:to_sym), *%i[A B C D])" }.freeze

    kinds.each do |kind, source|
      it "equal ObjectSpace.memsize_of: #{kind}" do
        truth, ours = JSON.parse(WatchedProgram.run!(<<~RUBY, port: 9).out)
          require "json"
          require "objspace"
          #{heirs.map { |name, parent| "#{name} = Class.new(#{parent})" }.join("\n")}
          def name(object, count) = object.tap { count.times { |n| object.instance_variable_set("@v\#{n}", n) } }
          keep = #{source}
          GC.start
          ours = HeapPeriscopeAgent::Testing.census(true, true, 0)[:classes]
          truth = keep.group_by(&:class).to_h { |klass, all| [klass.name, [all.size, all.sum { |one| ObjectSpace.memsize_of(one) }]] }
          print JSON.generate([truth, ours.slice(*truth.keys).transform_values { |row| row.first(2) }])
        RUBY
        expect(ours).to eq(truth)
        expect(truth.values.sum(&:first)).to be >= 100
      end
    end
  end

  it "sizes classes and modules by their slot alone, whatever hangs off them" do
    made = Array.new(50) { Class.new { 30.times { |n| define_method("m#{n}") { n } } } }
    rows = testing.census(true, true, 0)[:classes]
    slots = [40, 80, 160, 320, 640]
    %w[Class Module].each { |name| expect(rows[name][1] / rows[name][0].to_f).to be_between(slots.first, slots.last) }
    expect(rows["Class"][1] % slots.first).to eq(0)
    expect(made.sum { |klass| ObjectSpace.memsize_of(klass) }).to be > 50 * slots.last # as the VM sizes them
  end

  it "completes every detailed snapshot beside five threads that compute", :endless_under_valgrind do
    out = WatchedProgram.run!(<<~RUBY, port: 9, interval: 3, enable_detailed_objects: true).out
      keep = Array.new(200_000) { Object.new }
      5.times { Thread.new { 1 while true } }
      HeapPeriscopeAgent.start
      wait_until(60) { HeapPeriscopeAgent.agent_cost[:censuses] >= 3 }
      print HeapPeriscopeAgent.agent_cost[:censuses_incomplete], " ", keep.size
    RUBY
    expect(out).to eq("0 200000")
  end

  it "survives GC.disable and GC.stress, and so do the reports made of it", :endless_under_valgrind do
    out = WatchedProgram.run!(<<~RUBY, port: 9).out
      testing = HeapPeriscopeAgent::Testing
      HeapPeriscopeAgent.snapshot # loads what it takes
      GC.disable
      print testing.census(true, true, 50_000)[:complete], " "
      GC.enable
      GC.stress = true
      print testing.census(true, true, 50_000)[:complete], " ", HeapPeriscopeAgent::Native.snapshot_json(true).size > 1000, " ",
            HeapPeriscopeAgent.report_once!
    RUBY
    expect(out).to eq("true true true true")
  end

  it "keeps the classes it found in place while references are verified by moving everything", :endless_under_valgrind do
    script = <<~RUBY
      testing = HeapPeriscopeAgent::Testing
      classes = Array.new(200) { |n| Object.const_set("Moved\#{n}", Class.new) }
      keep = classes.flat_map { |klass| Array.new(10) { klass.new } }
      4.times do
        rounds = 0
        census = testing.census(true, true, 100_000) do
          (rounds += 1) % 4 == 0 ? GC.verify_compaction_references(toward: :empty) : GC.compact
        end
        # compaction carries objects past the cursor, so some may be missed, but no name is wrong
        names = census[:classes].keys.grep(/\\AMoved/)
        raise "wrong names: \#{names}" unless (names - classes.map(&:name)).empty? && names.size > 100
        raise "untold collections" unless census[:collections].positive?
      end
      10.times { GC.verify_compaction_references(toward: :empty); HeapPeriscopeAgent.snapshot(detailed: true) }
      print HeapPeriscopeAgent.snapshot[:gc_stats].keys.sort == GC.stat.keys.sort, keep.size
    RUBY
    expect(WatchedProgram.run!(script).out).to eq("true2000")
  end

  it "goes on in the middle of somebody else's walk" do
    seen = 0
    ObjectSpace.each_object(Class) do |_|
      seen += 1
      testing.census(true, true, 0) if seen == 3
    end
    # A compaction, as under stress, puts the pages into another order, and the VM's walk ends where it stands.
    expect(seen).to be > (ENV["GC_STRESS"] ? 2 : 100)
  end
end
