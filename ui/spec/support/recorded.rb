# frozen_string_literal: true

require "json"
require "time"

# Datagrams that real agents sent, from ui/spec/fixtures/datagrams (record.rb there makes them), with their times moved to now.
class Recorded
  FOLDER = File.expand_path("../fixtures/datagrams", __dir__)
  STAMP = /"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"/

  # @return [Array<String>] Ruby versions
  def self.rubies
    Dir[File.join(FOLDER, "ruby-*.jsonl")].map { |file| file[/ruby-(.+)\.jsonl/, 1] }.sort
  end

  # @param ruby [String] of {.rubies}
  # @param ends_at [Integer] unix ms of the last datagram
  def initialize(ruby, ends_at: (Time.now.to_f * 1000).to_i)
    lines = File.readlines(File.join(FOLDER, "ruby-#{ruby}.jsonl"), chomp: true)
    shift = ends_at - milliseconds(JSON.parse(lines.last)["reported_at"])
    @datagrams = lines.map { |line| line.gsub(STAMP) { "\"#{stamp(milliseconds(::Regexp.last_match(1)) + shift)}\"" } }
  end

  # @return [Array<String>] in the order in which they came
  attr_reader :datagrams

  # @return [Array<Hash>] reports put together by Ruby's own means
  def reports
    @reports ||= datagrams.map { |datagram| JSON.parse(datagram) }.group_by { |part| part["sequence"] }.values.map do |parts|
      payload = parts.sort_by { |part| part["part"] }.map { |part| part["payload"] }.reduce { |one, two| join(one, two) }
      parts.first.merge("payload" => payload)
    end
  end

  # @return [Array<Hash>] payloads of snapshots, oldest first
  def snapshots
    reports.select { |report| report["type"] == "snapshot" }.map { |report| report["payload"] }
  end

  # @return [Integer] unix ms
  def time_of(report)
    milliseconds(report["reported_at"])
  end

  private

  def join(one, two)
    one.merge(two) do |_, left, right|
      case left
      when Array then left + right
      when Hash then join(left, right)
      else right
      end
    end
  end

  def milliseconds(text)
    (Time.iso8601(text).to_r * 1000).to_i
  end

  def stamp(at)
    Time.at(at / 1000, at % 1000, :millisecond).utc.iso8601(3)
  end
end
