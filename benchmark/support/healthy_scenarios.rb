# frozen_string_literal: true

require "tmpdir"

module Bench
  # What programs do that looks like a leak for a while. Each scenario is told the interval it is in (one stands for 10
  # seconds) after every round of the workload, so that a minute of the program's life is six intervals.
  module HealthyScenarios
    Entry = Struct.new(:key, :text)
    Job = Struct.new(:number, :payload)
    Row = Struct.new(:number, :name, :total)

    @all = {}

    class << self
      attr_reader :all

      private

      def scenario(name, &make) = @all[name] = make
    end

    # Yields once for each interval that has begun since the last call.
    def self.each_new_interval
      last = -1
      lambda do |interval, &block|
        block.call(last += 1) while last < interval
      end
    end

    def self.entries(numbers) = numbers.map { |number| Entry.new(number, "text of entry #{number}, kept for later") }

    # Caches fill fast, then ever slower: two thirds of what they will hold after a minute.
    scenario("warm-up") do
      cache = []
      lambda do |interval|
        target = (30_000 * (1 - Math.exp(-(interval + 1) / 6.0))).round
        cache.concat(HealthyScenarios.entries(cache.size...target)) if cache.size < target
      end
    end

    # Full from the beginning; the oldest give way to new ones, and are old garbage then.
    scenario("LRU at its bound") do
      cache = HealthyScenarios.entries(0...5_000).to_h { |entry| [entry.key, entry] }
      number = 5_000
      lambda do |_|
        200.times do
          cache.delete(cache.first.first)
          cache[number += 1] = Entry.new(number, "text of entry #{number}, kept for later")
        end
      end
    end

    # A batch is gathered for 80 seconds and written off at once.
    scenario("sawtooth batch") do
      batch = []
      tick = HealthyScenarios.each_new_interval
      lambda do |interval|
        tick.call(interval) { |index| batch.clear if (index % 8).zero? }
        batch.concat(HealthyScenarios.entries(0...300))
      end
    end

    # Three hundred pieces of code, each loaded when it is first needed: of what is left an eighth every interval.
    scenario("lazy loading of constants") do
      home = Module.new
      random = Random.new(1)
      left = Array.new(300) { |index| index }
      tick = HealthyScenarios.each_new_interval
      lambda do |interval|
        tick.call(interval) do
          needed, left = left.partition { random.rand(8).zero? }
          needed.each do |index|
            home.const_set("Lazy#{index}", Module.new { 20.times { |k| define_method("m#{k}") { [k, index] } } })
            home.const_set("TABLE#{index}", Array.new(50) { |k| "constant #{index} #{k}" })
          end
        end
      end
    end

    # Connections are opened while all are in use, up to 25.
    scenario("connection pool") do
      pool = []
      random = Random.new(2)
      tick = HealthyScenarios.each_new_interval
      lambda do |interval|
        tick.call(interval) do
          random.rand(1..6).times do
            next if pool.size == 25

            pool << { buffer: "\0" * 65_536, statements: HealthyScenarios.entries(0...60) }
          end
        end
      end
    end

    # Every five minutes an export gathers rows for a minute and a half.
    scenario("slow request") do
      rows = []
      lambda do |interval|
        rows.clear if interval % 30 == 20
        (11..19).cover?(interval % 30) && 400.times { |i| rows << Row.new(i, "row #{i} of the export", i * 1.1) }
      end
    end

    # Grows while the workers are slow, is trimmed when they catch up; after 40 to 90 seconds, by chance.
    scenario("queue") do
      queue = []
      random = Random.new(3)
      trim_at = 5
      lambda do |interval|
        if interval >= trim_at
          queue.slice!(100..)
          trim_at = interval + random.rand(4..9)
        end
        300.times { |i| queue << Job.new(i, "payload of job #{i}") }
      end
    end

    # Files behind `autoload`, first needed by chance: of what is left a tenth every interval.
    scenario("autoload") do
      folder = Dir.mktmpdir
      at_exit { FileUtils.rm_rf(folder) }
      home = Module.new
      const_set(:Autoloaded, home)
      random = Random.new(4)
      left = Array.new(200) do |index|
        methods = Array.new(20) { |k| "def m#{k}(x) = [x, \"text #{index} #{k}\", { k: #{k} }]" }
        File.write("#{folder}/unit#{index}.rb", "class #{home.name}::Unit#{index}\n#{methods.join("\n")}\nend\n")
        home.autoload("Unit#{index}", "#{folder}/unit#{index}.rb")
        index
      end
      tick = HealthyScenarios.each_new_interval
      lambda do |interval|
        tick.call(interval) do
          needed, left = left.partition { random.rand(10).zero? }
          needed.each { |index| home.const_get("Unit#{index}").new.m1(index) }
        end
      end
    end

    scenario("nothing but the workload") { ->(_) {} }

    # Rush hours: between one and eight times as much in flight, over ten minutes.
    scenario("traffic that swells and ebbs") do
      lambda do |interval|
        size = (4_500 * (1 - (0.8 * Math.cos(2 * Math::PI * interval / 60.0)))).round
        HealthyScenarios.entries(0...size)
      end
    end
  end
end
