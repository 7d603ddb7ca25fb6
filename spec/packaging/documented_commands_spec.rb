# frozen_string_literal: true

require_relative "../support/documented_commands"

RSpec.describe DocumentedCommands do
  subject(:documented) { described_class.new }

  it "finds commands in documents, heads of files and scripts" do
    expect(documented.commands.map(&:last)).to include("bin/setup", "bin/rake valgrind", a_string_starting_with("bin/exec ruby benchmark/census.rb"))
    expect(documented.commands.size).to be > 40
  end

  it "finds that every one of them is there" do
    expect(documented.faults).to eq([])
  end

  {
    "bundle exec ruby benchmark/census.rb" => "the gems are in a cache: bin/exec",
    "bin/rake nothing:here" => "there is no such task",
    "bin/with-ruby 2.7 bin/test" => /with-ruby knows 3/,
    "bin/nothing" => "there is no bin/nothing",
    "bin/exec ruby benchmark/nothing.rb" => "there is no benchmark/nothing.rb",
    "bin/test spec/nothing_spec.rb" => "there is no spec/nothing_spec.rb",
    "heap_periscope dance" => "there is no such command",
    "rails generate heap_periscope_agent:nothing" => "there is no such generator"
  }.each do |command, fault|
    it "says of `#{command}` what is wrong" do
      expect(documented.fault_of(command)).to match(fault)
    end
  end
end
