# frozen_string_literal: true

require "support/packaging"

RSpec.describe "extconf.rb", timeout: 300 do
  include Packaging

  around { |example| Dir.mktmpdir("heap-periscope-extconf") { |folder| (@folder = folder) && example.run } }

  # A folder without gems and a copy of extconf.rb without neighbours: nothing of this machine's gems is found.
  def extconf_alone(*options, env: {})
    FileUtils.cp_r(Dir[File.join(File.dirname(Packaging::EXTCONF), "*")], @folder)
    run("ruby", "extconf.rb", *options, env: gem_home(File.join(@folder, "none")).merge(env), chdir: @folder)
  end

  it "compiles the development build without a warning" do
    env = { "HEAP_PERISCOPE_TESTING" => "1", "HEAP_PERISCOPE_WERROR" => "1" }
    run!("ruby", Packaging::EXTCONF, env:, chdir: @folder)

    expect(run!("make", "-j2", chdir: @folder)).not_to match(/warning/i)
  end

  it "keeps -Wall and -Wextra whole, with no warning switched off by hand" do
    run!("ruby", Packaging::EXTCONF, chdir: @folder)
    flags = File.read(File.join(@folder, "Makefile"))[/^CFLAGS.*/]

    expect(flags).to include("-Wall -Wextra", "-fvisibility=hidden")
    expect(flags).not_to include("-Wno-")
  end

  it "has what includes a changed header compiled again, and nothing else" do
    FileUtils.cp_r(Dir[File.join(File.dirname(Packaging::EXTCONF), "*")], @folder)
    run!("ruby", "extconf.rb", chdir: @folder)
    run!("make", "-j2", chdir: @folder)
    FileUtils.touch(File.join(@folder, "gc", "gc_stats.h"), mtime: Time.now + 5)
    compiled = run!("make", chdir: @folder).scan(/^compiling (\S+)/).flatten.map { |path| File.basename(path) }

    expect(compiled).to include("gc_stats.c", "report.c")
    expect(compiled).not_to include("clock.c", "json_writer.c", "heap_pages.c", "identity.c")
  end

  it "names the packages when yajl is nowhere" do
    output, status = extconf_alone(env: Packaging::NO_SYSTEM_LIBRARIES)

    expect(status).not_to be_success
    expect(output).to include("found neither by pkg-config nor in a libyajl2 gem", "apt-get install libyajl-dev",
                              "gem install libyajl2")
  end

  it "does not take the gem's yajl where the system's is demanded" do
    run_env = Packaging::NO_SYSTEM_LIBRARIES
    output, status = run("ruby", Packaging::EXTCONF, "--with-yajl=system", env: run_env, chdir: @folder)

    expect(status).not_to be_success
    expect(output).to include("not found by pkg-config")
  end

  it "does not take the system's yajl where the gem's is demanded" do
    output, status = extconf_alone("--with-yajl=gem")

    expect(status).not_to be_success
    expect(output).to include("not found in a libyajl2 gem")
  end

  it "refuses a --with-yajl that it does not know" do
    output, status = extconf_alone("--with-yajl=vendored")

    expect(status).not_to be_success
    expect(output).to include("--with-yajl=vendored is not known; --with-yajl takes system or gem.")
  end

  it "ends with one sentence on a system that is not supported" do
    output, status = run("ruby", "-e", <<~RUBY, chdir: @folder)
      Object.send(:remove_const, :RUBY_PLATFORM)
      RUBY_PLATFORM = "x64-mingw-ucrt"
      load #{Packaging::EXTCONF.dump}
    RUBY

    expect(status).not_to be_success
    expect(output).to eq("heap_periscope_agent runs on Linux and macOS only; this Ruby is built for x64-mingw-ucrt.\n")
  end
end
