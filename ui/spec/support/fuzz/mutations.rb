# frozen_string_literal: true

module Fuzz
  # Changes to a parsed datagram, and to its bytes. All by one random generator, so that a seed gives the same datagrams again.
  class Mutations
    HALF = "HALF-A-CHARACTER"
    TEXTS = ["", " ", "x", "x" * 65, "x" * 300, "x" * 1_025, "x" * 8_193, "a\u0000b", "\e[31m", "<script>alert(1)</script>", "'; DROP TABLE x; --",
             "ünïcödé 😀", "\u202eright", "deleted:1", "service:x", "0.3.0:x", "2026-02-31T99:99:99.999Z", "0000-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z",
             "(too many names)", "gc_stats.count", "../../etc/passwd", "NaN", "12", "%s%n", HALF, "snapshot", "goodbye", "controller", "high"].freeze
    NUMBERS = [0, 1, -1, 2, 255, 256, 257, 1_000, 4_096, 20_000, 86_400, 86_401, (1 << 31) - 1, 1 << 31, 1 << 32, (1 << 53) - 1, 1 << 53, (1 << 62) - 1, 1 << 62,
               (1 << 63) - 1, 1 << 63, 1 << 64, -(1 << 63), 10**40, 0.0, -0.0, 1.0, 0.5, 1.5, -1.5, 1e-320, 5e-324, 1e18, 1e300, 1.7976931348623157e308, 1e-9].freeze
    OTHERS = [nil, true, false, [], {}, [[]], [nil], { "" => nil }, { "a" => { "b" => [] } }, [1, "a", nil, {}]].freeze
    KEYS = %w[payload type sequence part parts _parts _bytes _at instance interval count bytes name le_ms minor share line stack census gc_stats
              living_objects_by_class living_objects_by_spans leak_suspects allocation_sites retained_sites gc_pauses heap_pools agent_cost reason
              pauses pauses_ms latest_gc_info json_class __proto__ id].freeze
    TYPES = %w[snapshot snapshot_part gc_profiler_report goodbye Snapshot].freeze

    def initialize(random)
      @random = random
    end

    # @param message [Hash] changed in place
    def apply(message)
      case @random.rand(20)
      when 0..8 then replace(message)
      when 9, 10 then remove(message)
      when 11, 12 then add(message)
      when 13 then repeat(message)
      when 14 then swap(message)
      when 15 then wrap(message)
      when 16, 17 then envelope(message)
      when 18 then table(message)
      else nest(message)
      end
    end

    # @param bytes [String]
    # @return [String]
    def spoil(bytes)
      case @random.rand(6)
      when 0 then bytes.byteslice(0, @random.rand(bytes.bytesize))
      when 1 then flip(bytes)
      when 2 then insert(bytes, ["\xff", "\xED\xB0\x80", "\x00", "NaN", "Infinity", "-", "1e400", "{", "]", "\\ud800", ","].sample(random: @random))
      when 3 then bytes.sub(/:\d+/) { ":#{"9" * @random.rand(1..400)}" }
      when 4 then bytes + bytes.byteslice(0, 100)
      else bytes.gsub(/:\d+(?=[,}])/) { |number| @random.rand(5).zero? ? ":#{pick(NUMBERS)}" : number }
      end
    end

    private

    def pick(list)
      list[@random.rand(list.size)]
    end

    def value
      case @random.rand(5)
      when 0 then pick(TEXTS).dup
      when 1, 2 then pick(NUMBERS)
      when 3 then Marshal.load(Marshal.dump(pick(OTHERS)))
      else @random.rand(2).zero? ? @random.rand(1 << 62) : @random.rand * 1e6
      end
    end

    # @return [Array(Object, Object)] a list or object somewhere inside, and one of its keys
    def place(message)
      object = message
      loop do
        key = object.is_a?(Hash) ? pick(object.keys) : @random.rand([object.size, 1].max)
        inner = object[key]
        return [object, key] unless (inner.is_a?(Hash) || inner.is_a?(Array)) && !inner.empty? && @random.rand(6).positive?

        object = inner
      end
    end

    def replace(message)
      object, key = place(message)
      object[key] = @random.rand(10) < 7 ? alike(object[key]) : value
      object
    end

    # Of the same type: what is most likely to be let in, and to reach the store.
    def alike(old)
      case old
      when Integer then @random.rand(2).zero? ? @random.rand(1 << @random.rand(1..53)) : pick(NUMBERS).to_i
      when Float then @random.rand(2).zero? ? @random.rand * (10**@random.rand(-9..15)) : pick(NUMBERS).to_f
      when String then pick(TEXTS).dup
      when true, false then !old
      else value
      end
    end

    def remove(message)
      object, key = place(message)
      object.is_a?(Hash) ? object.delete(key) : object.delete_at(key)
    end

    def add(message)
      object, = place(message)
      object.is_a?(Hash) ? object[@random.rand(3).zero? ? pick(TEXTS).dup : pick(KEYS)] = value : object << value
    end

    def repeat(message)
      object, key = place(message)
      inner = object[key]
      object[key] = inner * @random.rand(2..40) if inner.is_a?(Array) && inner.size.between?(1, 50)
    end

    def swap(message)
      (one, key), (two, other) = place(message), place(message)
      one[key], two[other] = JSON.parse(JSON.generate([two[other], one[key]]))
    rescue JSON::GeneratorError, JSON::NestingError
      nil
    end

    def wrap(message)
      object, key = place(message)
      object[key] = @random.rand(2).zero? ? [object[key]] : { pick(KEYS) => object[key] }
      object
    end

    def envelope(message)
      case @random.rand(7)
      when 0 then message["type"] = pick(TYPES)
      when 1 then message["sequence"] = value
      when 2 then message.merge!("parts" => @random.rand(1..4), "part" => @random.rand(1..4), "type" => pick(TYPES))
      when 3 then message["instance"] = @random.rand(2).zero? ? "fuzz-#{@random.rand(100_000)}" : value
      when 4 then message["reported_at"] = pick(TEXTS).dup
      when 5 then message.delete("instance")
      else message["interval"] = pick(NUMBERS)
      end
    end

    # Invented names, in number.
    def table(message)
      payload = message["payload"]
      return unless payload.is_a?(Hash)

      section = %w[gc_stats object_space_summary living_objects_by_class].sample(random: @random)
      names = Array.new(@random.rand(1..200)) { "Made#{@random.rand(1_000_000)}" }
      payload[section] = names.to_h { |name| [name, section == "living_objects_by_class" ? { "count" => @random.rand(1_000) } : @random.rand(1_000)] }
    end

    def nest(message)
      object, key = place(message)
      depth = @random.rand(1..20)
      object[key] = Array.new(depth).reduce(object[key]) { |inner, _| [inner] } if object[key].nil? || !object[key].is_a?(Hash)
    end

    def flip(bytes)
      copy = bytes.dup.force_encoding(Encoding::BINARY)
      @random.rand(1..8).times { copy.setbyte(@random.rand(copy.bytesize), @random.rand(256)) } unless copy.empty?
      copy
    end

    def insert(bytes, text)
      bytes.dup.force_encoding(Encoding::BINARY).insert(@random.rand(bytes.bytesize + 1), text.b)
    end
  end
end
