# frozen_string_literal: true

require "open3"
require "tmpdir"
require "heap_periscope_agent/configuration"
require "heap_periscope_agent/service_name"

RSpec.describe HeapPeriscopeAgent::ServiceName do
  lib = File.expand_path("../../lib", __dir__)
  ask = <<~RUBY
    require "heap_periscope_agent/configuration"
    require "heap_periscope_agent/service_name"
    ask = -> { puts HeapPeriscopeAgent::ServiceName.current(HeapPeriscopeAgent::Configuration.new) }
  RUBY

  around { |example| Dir.mktmpdir { |dir| Dir.chdir(dir) { example.run } } }

  # @return [Array<String>] what the program printed
  define_method(:run) do |script, name: "program.rb", env: {}, command: [RbConfig.ruby, "-I", lib, name]|
    File.write(name, "#{ask}\n#{script}")
    out, err, status = Open3.capture3(env, *command)
    raise err unless status.success?

    out.lines(chomp: true)
  end

  it "is the program's name where nothing says more" do
    expect(run("ask.call")).to eq(["program.rb"])
  end

  it "is what was configured before all else" do
    expect(run(%(require "sidekiq/cli"; ask.call),
               env: { "HEAP_PERISCOPE_SERVICE_NAME" => "Billing" })).to eq(["Billing"])
  end

  it "follows what is loaded after the first question" do
    expect(run(<<~RUBY)).to eq(%w[program.rb Rails Sidekiq Sidekiq])
      ask.call
      require "rails"
      ask.call
      require "sidekiq/cli"
      ask.call
      $0 = "something else"
      ask.call
    RUBY
  end

  it "is not Sidekiq in a program that only enqueues" do
    expect(run(%(require "sidekiq"; ask.call))).to eq(["program.rb"])
  end

  it "is Rake in the rake command" do
    command = [RbConfig.ruby, "-I", lib, "-S", "rake", "-s", "-f", "Rakefile.rb", "show"]
    expect(run("task(:show) { ask.call }", name: "Rakefile.rb", command: command)).to eq(["Rake"])
  end

  it "is Rake where the rails command runs tasks, Rails where it only has them" do
    script = <<~RUBY
      require "rails"
      require "rake"
      $0 = "bin/rails"
      ask.call
      Rake.with_application { |rake| rake.init("rails", ["-T"]); ask.call }
    RUBY
    expect(run(script)).to eq(%w[Rails Rake])
  end

  it "reads the program from the titles that servers give themselves" do
    titles = ["puma: cluster worker 0: 4711 [shop]", "unicorn worker[0] -c config", "/usr/bin/thin", "", "a\tb\u0001",
              "\xFF\xFE", "x" * 300]
    script = "#{titles.inspect}.each { |title| $0 = title; ask.call }"
    expect(run(script)).to eq(["puma", "unicorn", "thin", "ruby", "a", "??", "x" * 200])
  end

  it "allocates nothing once it is known" do
    configuration = HeapPeriscopeAgent::Configuration.new({})
    described_class.current(configuration)
    before = GC.stat(:total_allocated_objects)
    100.times { described_class.current(configuration) }
    expect(GC.stat(:total_allocated_objects) - before).to be < 20
  ensure
    described_class.reset
  end

  it "survives a Sidekiq that raises" do
    expect(run(%(module Sidekiq; def self.server? = raise; end; ask.call))).to eq(["ruby"])
  end
end
