# frozen_string_literal: true

require "heap_periscope_agent"
require "json"
require_relative "../support/watched_program"

RSpec.describe "process memory" do
  MEGABYTE = 1 << 20

  # What a program prints of its own memory, as JSON.
  def run(script, **options) = JSON.parse(WatchedProgram.run!(<<~RUBY, **options).out, symbolize_names: true)
    require "json"
    def memory = HeapPeriscopeAgent.process_memory
    def kernels = File.read("/proc/self/smaps_rollup").scan(/^(\\w+): +(\\d+) kB/).to_h { |name, kb| [name, kb.to_i * 1024] }
    #{script}
  RUBY

  it "is what the kernel says" do
    result = run("memory; GC.disable; print JSON.generate(ours: memory, kernel: kernels)")
    ours, kernel = result.values_at(:ours, :kernel)
    { rss_bytes: %i[Rss], pss_bytes: %i[Pss], swap_bytes: %i[Swap], shared_bytes: %i[Shared_Clean Shared_Dirty],
      private_bytes: %i[Private_Clean Private_Dirty] }.each do |ours_name, kernels_names|
      expect(ours.fetch(ours_name)).to be_within(2 * MEGABYTE).of(kernel.values_at(*kernels_names).sum), ours_name.to_s
    end
    expect(ours[:shared_bytes] + ours[:private_bytes]).to eq(ours[:rss_bytes])
    expect(ours[:pss_bytes]).to be_between(ours[:private_bytes], ours[:rss_bytes])
  end

  it "grows by what is written to, and not by what is only asked for" do
    result = run(<<~RUBY)
      before = memory
      text = "x" * (60 << 20)
      print JSON.generate(before: before, after: memory, size: text.size)
    RUBY
    %i[rss_bytes pss_bytes private_bytes].each do |name|
      expect(result[:after][name] - result[:before][name]).to be_within(8 * MEGABYTE).of(60 * MEGABYTE), name.to_s
    end
  end

  it "splits what a forked child shares with its parent" do
    result = run(<<~RUBY)
      text = "x" * (60 << 20)
      alone = memory
      reader, writer = IO.pipe
      ready, go = IO.pipe
      child = fork { writer.write(JSON.generate(memory)); writer.close; go.close; ready.read; exit!(0) }
      writer.close
      childs = JSON.parse(reader.read)
      both = memory
      go.close
      Process.wait(child)
      print JSON.generate(alone: alone, both: both, child: childs, size: text.size)
    RUBY
    alone, both, child = result.values_at(:alone, :both, :child)
    expect(child[:shared_bytes]).to be > 55 * MEGABYTE
    expect(both[:shared_bytes]).to be > 55 * MEGABYTE
    expect(alone[:pss_bytes] - both[:pss_bytes]).to be > 25 * MEGABYTE # half of it is the child's now
    expect(both[:rss_bytes]).to be_within(8 * MEGABYTE).of(alone[:rss_bytes])
  end

  # A reading goes through every page, so it is paid off before the next: 500 times its length.
  it "is read in full no more often than its price allows, and resident memory every time" do
    result = run(<<~RUBY)
      def follow = HeapPeriscopeAgent::Testing.follow_memory
      keep = ["x" * (200 << 20)]
      first = follow
      keep << "y" * (60 << 20)
      soon = follow
      deadline = Process.clock_gettime(Process::CLOCK_MONOTONIC) + 60
      later = follow until later&.dig(:readings) == 2 || Process.clock_gettime(Process::CLOCK_MONOTONIC) > deadline
      print JSON.generate(first: first, soon: soon, later: later, kept: keep.size)
    RUBY
    first, soon, later = result.values_at(:first, :soon, :later)
    expect([first, soon, later].map { |seen| seen[:readings] }).to eq([1, 1, 2])
    expect(soon[:rss_bytes] - first[:rss_bytes]).to be_within(8 * MEGABYTE).of(60 * MEGABYTE)
    expect(soon[:private_bytes]).to eq(first[:private_bytes])
    expect(later[:private_bytes] - first[:private_bytes]).to be_within(8 * MEGABYTE).of(60 * MEGABYTE)
  end

  it "is the resident memory alone where the kernel tells no more" do
    result = run(<<~'RUBY', shim: :no_rollup)
      print JSON.generate(memory.merge(status: File.read("/proc/self/status")[/VmRSS:\s+(\d+)/, 1].to_i * 1024))
    RUBY
    expect(result[:rss_bytes]).to be_within(2 * MEGABYTE).of(result[:status])
    expect(result.values_at(:pss_bytes, :shared_bytes, :private_bytes)).to eq([nil, nil, nil])
  end
end
