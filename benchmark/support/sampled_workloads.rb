# frozen_string_literal: true

require "csv"
require "json"
require_relative "heap"

module Bench
  # Workloads that do the same at every round, so that one round traced in full is the truth about all of them.
  module SampledWorkloads
    Line = Struct.new(:id, :text)
    DOCUMENT = JSON.generate(Array.new(4000) { |i| { "id" => i, "name" => "n#{i}", "tags" => ["a#{i}", "b", "c"], "price" => i * 1.5 } })
    TABLE = Array.new(2000) { |i| "#{i},name #{i},#{i * 3},group #{i % 7}" }.join("\n")
    ROWS = Array.new(24_000) { |i| [i, "row"] }.freeze

    module_function

    def request = Request.round(2000)

    # More than three quarters of the objects come from JSON.parse and Array#map over loaded rows, which allocate 20 000 and
    # more in one call in C without a safepoint.
    def bursts
      parsed = parse
      copies = copy
      small = parsed.first(1500).map { |row| Line.new(row["id"], row["name"] + "!") }
      CSV.parse(TABLE.lines.first(150).join)
      [parsed.size, copies.size, small.size]
    end

    def parse = JSON.parse(DOCUMENT)
    def copy = ROWS.map(&:dup)

    def objects
      # Frozen: a hash would take the equal key of an earlier round, where the collector had left one, instead of a new one.
      made = Array.new(3000) { |i| Line.new(i, "line #{i}".freeze) }
      index = made.to_h { |line| [line.text, line] }
      sorted = made.sort_by { |line| line.text.reverse }
      sums = sorted.each_slice(10).map { |slice| { ids: slice.map(&:id), total: slice.sum { |line| line.id * 0.5 } } }
      [index.size, sums.map { |sum| sum[:total].to_s }.join(",").size]
    end

    ALL = %i[request bursts objects].freeze
  end
end
