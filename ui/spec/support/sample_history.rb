# frozen_string_literal: true

require_relative "sample_data"

# Some time of plausible reports in the store, with the rollups that a collector would have made by then; and what comes after.
class SampleHistory
  INTERVAL = 10

  attr_reader :members

  def initialize(members = SampleData.members)
    @members = members
    @seconds = 0
  end

  # @param minutes [Integer] of history that ends now
  # @return [SampleHistory] self
  def write(minutes)
    keeper = HeapPeriscopeUi::Store::Housekeeper.new(HeapPeriscopeUi.store)
    finish = HeapPeriscopeUi::Timestamps.now
    (minutes * 60 / INTERVAL).times do |i|
      at = finish - (((minutes * 60) - ((i + 1) * INTERVAL)) * 1000)
      report(at)
      keeper.step(now_ms: at, clock_ms: at)
    end
    HeapPeriscopeUi.store.write(SampleData.goodbye(members.last, finish), received_at: finish)
    settle(keeper)
    self
  end

  # One snapshot of every process, and a report of collections.
  def report(at = HeapPeriscopeUi::Timestamps.now, from: members)
    @seconds += INTERVAL
    messages = from.flat_map { |member| [SampleData.gc_report(member, at - 500), SampleData.snapshot(member, @seconds, at)] }
    HeapPeriscopeUi.store.write(messages, received_at: at)
  end

  private

  # The housekeeper works in small steps.
  def settle(keeper)
    2_000.times { HeapPeriscopeUi::Timestamps.now.then { |at| keeper.step(now_ms: at, clock_ms: at) } }
    keeper.release
  end
end
