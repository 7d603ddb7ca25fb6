# frozen_string_literal: true

require "support/packaging"

RSpec.describe "gem install", timeout: 300 do
  include Packaging

  before(:context) do
    @folder = Dir.mktmpdir("heap-periscope-gem")
    @gem = build_gem(@folder)
  end

  after(:context) { FileUtils.remove_entry(@folder) }

  def load_installed(gem_home)
    run!("ruby", "-e", <<~RUBY, env: gem_home(gem_home), chdir: @folder)
      require "heap_periscope_agent"
      print HeapPeriscopeAgent::VERSION, " ", HeapPeriscopeAgent.const_defined?(:Testing)
    RUBY
  end

  shared_examples "an installed gem" do
    it "loads, without the specs' door to the inside" do
      expect(load_installed(@home)).to eq("#{HeapPeriscopeAgent::VERSION} false")
    end

    it "exports its init function and nothing else" do
      expect(exported_symbols(native_object(@home))).to eq(["Init_heap_periscope_agent"])
    end

    it "brings the command line along" do
      output = run!(File.join(@home, "bin", "heap_periscope"), "--version", env: gem_home(@home), chdir: @folder)

      expect(output).to include(HeapPeriscopeAgent::VERSION)
    end
  end

  context "with the system's libyajl" do
    before(:context) do
      @home = File.join(@folder, "system")
      run!("gem", "install", "--local", "--no-document", libyajl2_gem, @gem, "--", "--with-yajl=system",
           env: Packaging::RELEASE.merge(gem_home(@home)))
    end

    it_behaves_like "an installed gem"

    it "links the system's library" do
      expect(run!("readelf", "-d", native_object(@home))).to include("libyajl.so")
    end
  end

  # --install-dir is the hard way: extconf.rb is not told where the gem's dependency went.
  context "without the system's libyajl, into another folder than GEM_HOME" do
    before(:context) do
      @home = File.join(@folder, "bundled")
      env = Packaging::RELEASE.merge(Packaging::NO_SYSTEM_LIBRARIES, gem_home(File.join(@folder, "empty")))
      install = %W[gem install --local --no-document --ignore-dependencies --install-dir #{@home}]
      run!(*install, libyajl2_gem, env:)
      run!(*install, @gem, env:)
    end

    it_behaves_like "an installed gem"

    it "carries yajl inside" do
      expect(run!("readelf", "-d", native_object(@home))).not_to include("yajl")
    end
  end
end
