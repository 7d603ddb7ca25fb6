# frozen_string_literal: true

require_relative "../support/gem_folder"
require_relative "../support/sampled_program"

# A program that another allocation profiler watches as well; each of the two must see what it sees alone. Vernier is an empty
# gem before Ruby 3.2.1, and allocation_tracer crashes by itself on Ruby 3.1.2: there allocation_sampler_spec.rb has Ruby's own tracers.
RSpec.describe "Allocation sampling beside vernier", if: RUBY_VERSION >= "3.2.1", timeout: 300 do
  let(:folder) { GemFolder.of("rival:profilers[vernier]") }
  let(:load_path) { %w[gems/vernier-[0-9]*/lib extensions/*/*/vernier-[0-9]*].flat_map { |pattern| Dir[File.join(folder, pattern)] } }

  it "leaves vernier its samples of time and allocations, and keeps its own" do
    result = SampledProgram.run(<<~RUBY)
      $LOAD_PATH.concat(#{load_path.inspect})
      require "tempfile"
      require "vernier"
      class Made; end
      start_sampling
      made = 0
      profile = Tempfile.create(["vernier", ".json"], &:path)
      Vernier.start_profile(out: profile, allocation_interval: 100)
      work(6, until_true: enough(40)) { made += 1; [Made.new] } # a busy machine gives Vernier fifty samples a second
      Vernier.stop_profile
      threads = JSON.parse(File.read(profile)).fetch("threads")
      File.delete(profile)
      answer(status: status, share: shares(by: :class)[Made.name], made: made,
             samples: threads.sum { |thread| thread.dig("samples", "length") },
             allocations: threads.sum { |thread| thread.dig("jsAllocations", "length").to_i })
    RUBY
    expect(result[:status]).to include(state: "on")
    expect(result[:share]).to be_within(0.05).of(0.5)
    expect(result[:samples]).to be > 100
    expect(result[:allocations] * 100).to be_within(result[:made] * 0.2).of(result[:made] * 2)
  end
end
