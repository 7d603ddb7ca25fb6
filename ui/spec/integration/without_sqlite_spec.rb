# frozen_string_literal: true

require_relative "../ui_helper"
require "bundler"
require "open3"
require_relative "../support/program"

# A bundle as an application on PostgreSQL has it.
RSpec.describe "The dashboard without the gem sqlite3", timeout: 240 do
  around do |example|
    Dir.mktmpdir("heap-periscope-pg", UiApp::SCRATCH) do |directory|
      @directory = directory
      File.write(File.join(directory, "Gemfile"), <<~RUBY)
        source "https://rubygems.org"
        gem "heap_periscope_ui", path: #{File.expand_path("../..", __dir__).inspect}
        gem "pg"
      RUBY
      Bundler.with_unbundled_env do
        output, status = Open3.capture2e("bundle", "install", "--local", chdir: directory)
        raise output unless status.success?

        example.run
      end
    end
  end

  def command(*arguments)
    ["bundle", "exec", "heap_periscope_ui", "--port", web_port.to_s, "--udp-port", Program.free_port.to_s, *arguments]
  end

  let(:web_port) { Program.free_port }

  it "stores in PostgreSQL" do
    Program.run(command("--database", PostgresqlServer.fresh_database), {}, chdir: @directory) do |program|
      answer = program.eventually { program.json("http://127.0.0.1:#{web_port}/heap_periscope/api/v1/status") }
      expect(answer["database"]).to include("adapter" => "postgresql")
      expect(File.read(File.join(@directory, "Gemfile.lock"))).not_to include("sqlite3")
    end
  end

  it "says what is missing for an SQLite file" do
    output, status = Open3.capture2e(*command("--database", "x.sqlite3"), chdir: @directory)
    expect(status.exitstatus).to eq(1)
    expect(output).to include("the gem sqlite3 is not there: add `gem \"sqlite3\"`, or set config.database")
  end
end
