# frozen_string_literal: true

require_relative "../../ui_helper"

RSpec.describe "A system clock that is set", :store do
  let(:store) { HeapPeriscopeUi.store }
  let(:start) { 1_800_000_000_000 }
  let(:day) { 86_400_000 }
  let(:member) { SampleData.members.first }
  let(:housekeeper) { HeapPeriscopeUi::Store::Housekeeper.new(store) }
  let(:level) { HeapPeriscopeUi::Levels::MINUTE }

  # Reports every 10 s and keeps house every second, from one second to another of the story.
  # @yieldreturn [Integer] how far the system's clock is off then, in ms
  def live(seconds)
    seconds.each do |second|
      clock = start + (second * 1_000)
      now = clock + (block_given? ? yield : 0)
      store.write(SampleData.snapshot(member, second, now), received_at: now) if (second % 10).zero?
      housekeeper.step(now_ms: now, clock_ms: clock)
    end
  end

  def minutes
    HeapPeriscopeUi::MinuteSample.where(process_id: HeapPeriscopeUi::ObservedProcess.first.id).order(:at).pluck(:at, :reports).to_h
  end

  it "one day ahead for 20 s stops neither rollups nor deletes what is younger than it is kept" do
    live(0...300)
    live(300...320) { day }
    live(320...900)
    expect(HeapPeriscopeUi::Store::Rollup.mark(level)).to be_between(start + 780_000, start + 900_000)
    expect(minutes.select { |at, _| at < start + 720_000 }.values.sum).to eq(70)
    expect(HeapPeriscopeUi::Sample.where(at: start..(start + 300_000)).count).to be >= 30
    expect(HeapPeriscopeUi::TenMinuteSample.where(at: start).pick(:reports)).to eq(58)
  end

  it "an hour back pauses nothing" do
    live(0...300)
    live(300...600) { -3_600_000 }
    expect(HeapPeriscopeUi::Store::Rollup.mark(level)).to be_between(start - 3_600_000 + 420_000, start - 3_600_000 + 600_000)
    expect(minutes.select { |at, _| at < start - 3_000_000 }.values.sum).to be >= 18
  end

  it "leaves marks where data ends when nothing reports any more, and rolls up all there is" do
    live(0...130)
    (130...3_000).step(5) { |second| (start + (second * 1_000)).then { |at| housekeeper.step(now_ms: at, clock_ms: at) } }
    expect(HeapPeriscopeUi::Store::Rollup.mark(level)).to be <= start + 180_000
    expect(minutes.values.sum).to eq(13)
    expect(HeapPeriscopeUi::TenMinuteSample.where(process_id: HeapPeriscopeUi::ObservedProcess.first.id).sum(:reports)).to eq(13)
  end

  it "does not keep a lease that a clock ahead has taken" do
    HeapPeriscopeUi::Store::Lease.new.held?(start + day, 0)
    expect(HeapPeriscopeUi::Store::Lease.new.held?(start, 0)).to be(true)
  end

  it "does not count as lost what was sent between two collectors of a server that boots" do
    messages = Array.new(9) { |i| SampleData.snapshot(member, i, start + (i * 1_000)) }
    store.write(messages[0], received_at: start)
    store.reset # another process collects
    store.write(messages[4], received_at: start + 4_000)
    expect(HeapPeriscopeUi::ObservedProcess.sum(:lost)).to eq(0)
    store.write(messages[6], received_at: start + 6_000)
    expect(HeapPeriscopeUi::ObservedProcess.sum(:lost)).to eq(1)
  end
end
