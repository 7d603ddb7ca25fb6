# frozen_string_literal: true

module Bench
  # A heap of a given size, mixed like that of an application: strings short and long, arrays, hashes, structs, plain
  # objects, floats.
  module Heap
    Row = Struct.new(:id, :name)

    class Item
      def initialize(number)
        @number = number
        @name = "item #{number}"
        @tags = [number, number + 1]
      end
    end

    MAKERS = [
      ->(i) { "text #{i}" },
      ->(i) { [i, i + 1, i + 2] },
      ->(i) { { id: i, name: "name #{i}" } },
      ->(i) { Row.new(i, "row") },
      ->(i) { Item.new(i) },
      ->(i) { "long text #{i} ".ljust(120, ".") },
      ->(i) { (1..(i % 9)).to_a },
      ->(i) { Float(i) * 1e300 }
    ].freeze

    # @return [Array] what keeps the objects alive
    def self.fill(objects)
      keep = []
      i = 0
      random = Random.new(1)
      while keep.size < 1000 || ObjectSpace.count_objects.then { |counts| counts[:TOTAL] - counts[:FREE] } < objects
        (objects / 50).times { keep << MAKERS[random.rand(MAKERS.size)].call(i += 1) }
        GC.start if (i / (objects / 50) % 5).zero?
      end
      GC.start
      keep
    end
  end

  # One round of what a web application does: rows, JSON, parsing, grouping. About `rows` × 36 objects.
  module Request
    def self.round(rows = 20_000)
      list = Array.new(rows) do |i|
        { "id" => i, "name" => "customer #{i}", "group" => "g#{i % 97}", "total" => i * 1.1 }
      end
      parsed = JSON.parse(JSON.generate(list))
      groups = parsed.group_by { |row| row["group"] }
      groups.sum { |name, members| members.sum { |row| row["total"] } + name.size }
    end

    # A collection after each round (Bench.with_collections).
    # @param sweep [Boolean] at once, and not by the way
    def self.rounds_with_collections(count, rows, sweep: true)
      Bench.with_collections(count, sweep:) { round(rows) }
    end
  end
end
