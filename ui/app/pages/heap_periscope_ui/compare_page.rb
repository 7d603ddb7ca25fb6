# frozen_string_literal: true

module HeapPeriscopeUi
  # What the page of comparisons shows.
  class ComparePage
    SHOWN = 15
    MOST = 2_000
    HOUR_MS = 3_600_000
    TITLES = { "rss_bytes" => "RSS", "pss_bytes" => "PSS", "heap_live_slots" => "Live slots",
               "heap_free_slots" => "Free slots", "old_objects" => "Old objects", "allocation_rate" => "Allocated",
               "gc_share" => "GC share", "pause_p99_ms" => "Pause p99" }.freeze

    attr_reader :process, :other, :filter, :state, :all

    # @param process [ObservedProcess] A
    # @param other [ObservedProcess, nil] B, when two processes are compared
    # @param from, to [Integer, nil] unix ms of A and B; by default an hour apart, or as long as the process was seen
    def initialize(process, other, from:, to:, filter:, state:, all:)
      @process = process
      @other = other
      @from = from
      @to = to
      @filter = filter.downcase
      @state = state
      @all = all
    end

    def to
      @to || (other || process).last_seen_at
    end

    def from
      @from || (other ? process.last_seen_at : [to - HOUR_MS, first_census].max)
    end

    # @return [Hash] {CompareQuery#call}
    def result
      @result ||= CompareQuery.new([process, from], [other || process, to]).call
    end

    # @return [Boolean] whether both sides have a census
    def censuses?
      !result[:a][:at].nil? && !result[:b][:at].nil?
    end

    def rows
      @rows ||= result[:classes].select do |row|
        (state.nil? || row[:state] == state) && (filter.empty? || row[:name].downcase.include?(filter))
      end
    end

    def shown
      rows.first(all ? MOST : SHOWN)
    end

    # @return [Hash{String=>Integer}] how many classes grew, shrank, are new
    def counts
      @counts ||= result[:classes].map { |row| row[:state] }.tally
    end

    # @return [Array(Hash, Float), nil] the class that grew most and its share of all growth, where one stands out
    def main_class
      grown = result[:classes].select { |row| row[:bytes_change].to_i.positive? }
      total = grown.sum { |row| row[:bytes_change] }.to_f
      first = grown.max_by { |row| row[:bytes_change] }
      first && first[:bytes_change] / total >= 0.3 ? [first, first[:bytes_change] / total] : nil
    end

    def greatest_change
      result[:classes].map { |row| row[:bytes_change].to_i.abs }.max.to_f
    end

    # @return [Integer, nil] bytes that RSS changed by and that no slot and no known object explains
    def unexplained
      rss = result[:metrics].find { |metric| metric[:name] == "rss_bytes" }&.dig(:change)
      rss && result[:bytes_change] && (rss - result[:bytes_change]).round
    end

    # @return [TimeRange] what the chart shows: both moments with some time around them
    def chart_range
      width = [(to - from).abs, 600_000].max
      TimeRange.new([from, to].min - (width / 8), [[from, to].max + (width / 8), Timestamps.now].min)
    end

    private

    # A process is first heard of some time before its first census.
    def first_census
      seen = process.first_seen_at
      return seen if seen < to - HOUR_MS

      Sample.where(process_id: process.id).where.not(classes: nil).order(:at).pick(:at) || seen
    end
  end
end
