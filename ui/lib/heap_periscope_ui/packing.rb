# frozen_string_literal: true

module HeapPeriscopeUi
  # Packed rows: sequences of whole numbers, written as BER-compressed integers (`unpack("w*")`), where 0 stands for "not known" and
  # n + 1 for n. Small numbers take one byte.
  module Packing
    # One class in a table. `name_id` points into the names table.
    CLASS_FIELDS = %i[name_id platform count bytes].freeze
    SPAN_FIELDS = %i[name_id type calls errors wall_us allocated by_process gc_us survivors survivor_bytes].freeze
    SPAN_WIDTH = 8
    CLASS_WIDTH = 3

    module_function

    # What `pack("w*")` answers; that makes two objects of each number, which the writer has to collect.
    # @param numbers [Array<Integer>] none negative
    # @return [String] binary
    def ber(numbers)
      numbers.each_with_object(String.new(capacity: 256)) do |n, bytes|
        if n < 128 then bytes << n
        elsif n < 16_384 then bytes << ((n >> 7) | 128) << (n & 127)
        elsif n < 2_097_152 then bytes << ((n >> 14) | 128) << (((n >> 7) & 127) | 128) << (n & 127)
        elsif n < 268_435_456 then bytes << ((n >> 21) | 128) << (((n >> 14) & 127) | 128) << (((n >> 7) & 127) | 128) << (n & 127)
        else bytes << [n].pack("w")
        end
      end
    end

    # @param values [Array<Integer, nil>] none negative
    # @return [String] binary
    def dump(values)
      ber(values.map { |value| value ? value + 1 : 0 })
    end

    # @param blob [String, nil]
    # @return [Array<Integer, nil>]
    def load(blob)
      return [] unless blob

      blob.unpack("w*").map! { |value| value.zero? ? nil : value - 1 }
    end

    # @param entries [Array<Array>] `[name_id, platform?, count, bytes or nil]`
    def dump_classes(entries)
      flat = []
      entries.each do |id, platform, count, bytes|
        flat << ((id << 1) | (platform ? 1 : 0)) << count << (bytes ? bytes + 1 : 0)
      end
      ber(flat)
    end

    # @return [Array<Array>] `[name_id, platform?, count, bytes or nil]`
    def load_classes(blob)
      return [] unless blob

      blob.unpack("w*").each_slice(CLASS_WIDTH).map do |key, count, bytes|
        [key >> 1, key.odd?, count, bytes.zero? ? nil : bytes - 1]
      end
    end

    # @param entries [Array<Array>] in the order of {SPAN_FIELDS}; `type` is an index into {Metrics::SPAN_TYPES}
    def dump_spans(entries)
      flat = []
      entries.each do |span|
        id, type, *counts, by_process, gc = span.first(SPAN_FIELDS.index(:gc_us) + 1)
        flat << ((id << 4) | (type << 1) | (by_process ? 1 : 0))
        flat.concat(counts) << gc
        flat.concat(span.last(2).map { |value| value ? value + 1 : 0 })
      end
      ber(flat)
    end

    # @return [Array<Array>] in the order of {SPAN_FIELDS}
    def load_spans(blob)
      return [] unless blob

      blob.unpack("w*").each_slice(SPAN_WIDTH).map do |span|
        key, calls, errors, wall, allocated, gc = span
        kept = span.last(2).map { |value| value.zero? ? nil : value - 1 }
        [key >> 4, (key >> 1) & 7, calls, errors, wall, allocated, key.odd?, gc, *kept]
      end
    end

    # Retained sites have a variable width: the number of lifetime buckets comes before them.
    module RetainedSites
      HEAD = 9

      module_function

      # @param sites [Array<Hash>] as {.load} gives them
      def dump(sites)
        Packing.dump(sites.flat_map do |site|
          [site[:id], site[:objects], site[:bytes], site[:standard_error], site[:share_ppm], *site[:ages].values_at(:young, :middle, :old),
           site[:lifetimes].size, *site[:lifetimes].flat_map { |bucket| bucket.values_at(:le_s, :objects) }]
        end)
      end

      # @return [Array<Hash>] {id:, objects:, bytes:, standard_error:, share_ppm:, ages: {young:, middle:, old:}, lifetimes: [{le_s:, objects:}]}
      def load(blob)
        values = Packing.load(blob)
        sites = []
        position = 0
        while position < values.size
          id, objects, bytes, error, share, young, middle, old, size = values[position, HEAD]
          lifetimes = values[position + HEAD, size * 2].each_slice(2).map do |le_s, count|
            { le_s: le_s, objects: count }
          end
          sites << { id: id, objects: objects, bytes: bytes, standard_error: error, share_ppm: share, ages: { young: young, middle: middle, old: old },
                     lifetimes: lifetimes }
          position += HEAD + (size * 2)
        end
        sites
      end
    end
  end
end
