# frozen_string_literal: true

module HeapPeriscopeUi
  # The spans of one process or service in a range, summed up by name.
  class SpanSums
    # What one name did.
    Sum = Struct.new(:calls, :errors, :wall_us, :allocated, :by_process, :gc_us, :first_survivors, :survivors,
                     :points) do
      def add(other)
        self.calls += other.calls
        self.errors += other.errors
        self.wall_us += other.wall_us
        self.allocated += other.allocated
        self.gc_us += other.gc_us
        self.by_process ||= other.by_process
        self.first_survivors = plus(first_survivors, other.first_survivors)
        self.survivors = plus(survivors, other.survivors)
      end

      # @return [Numeric, nil] survivors that came in the range
      def retained
        survivors && [survivors - (first_survivors || survivors), 0].max
      end

      def trend(size)
        return points if points.size <= size

        Array.new(size) { |i| points[i * (points.size - 1) / (size - 1)] }
      end

      def plus(one, two)
        one || two ? (one || 0) + (two || 0) : nil
      end
    end

    # Reads the packed rows without making an object of each span: a day of a busy service has a hundred thousand.
    # @return [Hash{Array(Integer, Integer)=>Sum}] by name id and index of the type
    def self.of(subject, range)
      sums = {}
      SampleRows.new(subject, range, columns: %i[spans]).call.each { |row| add_row(sums, row.spans.unpack("w*")) if row.spans }
      sums.to_h { |key, sum| [[key >> 4, (key >> 1) & 7], sum] }
    end

    # @param sums [Hash{Integer=>Sum}] by name id and type, as {Packing.dump_spans} puts them in one number
    # @param flat [Array<Integer>]
    def self.add_row(sums, flat)
      index = 0
      while index < flat.size
        key = flat[index]
        add(sums[key & ~1] ||= Sum.new(0, 0, 0, 0, false, 0, nil, nil, []), flat, index, key.odd?)
        index += Packing::SPAN_WIDTH
      end
    end

    def self.add(sum, flat, index, by_process)
      sum.calls += flat[index + 1]
      sum.errors += flat[index + 2]
      sum.wall_us += flat[index + 3]
      sum.allocated += flat[index + 4]
      sum.gc_us += flat[index + 5]
      sum.by_process ||= by_process
      survivors = flat[index + 6]
      return if survivors.zero?

      sum.first_survivors ||= survivors - 1
      sum.survivors = survivors - 1
      sum.points << (survivors - 1)
    end
    private_class_method :add_row, :add
  end
end
