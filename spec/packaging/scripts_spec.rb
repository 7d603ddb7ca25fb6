# frozen_string_literal: true

require "support/packaging"

RSpec.describe "The scripts in bin/" do
  include Packaging

  def run_specs(source)
    Dir.mktmpdir("heap-periscope-specs") do |folder|
      path = File.join(folder, "sample_spec.rb")
      File.write(path, source)
      Open3.capture2e("ruby", "bin/support/run_specs.rb", path, chdir: Packaging::ROOT)
    end
  end

  describe "bin/setup" do
    it "says and does nothing when there is nothing to do" do
      expect(run!("bin/setup")).to be_empty
    end

    it "refuses a need that it does not know" do
      output, status = run("bin/setup", "dessert")

      expect(status.exitstatus).to eq(2)
      expect(output).to include("no need is called dessert")
    end
  end

  describe "bin/test" do
    it "closes with one line of totals" do
      output, status = run_specs(<<~RUBY)
        RSpec.describe("sample") { 2.times { |number| it("passes \#{number}") { expect(number).to be < 2 } } }
      RUBY

      expect(status).to be_success
      expect(output.lines.last).to eq("2 examples, 0 failures\n")
    end

    it "fails when an example fails" do
      output, status = run_specs('RSpec.describe("sample") { it("fails") { expect(1).to eq(2) } }')

      expect(status).not_to be_success
      expect(output.lines.last).to eq("1 example, 1 failure\n")
    end

    it "fails when the process dies" do
      output, status = run_specs('RSpec.describe("sample") { it("dies") { Process.kill(:KILL, Process.pid) } }')

      expect(status).not_to be_success
      expect(output).to include("did not run to its end")
    end
  end

  describe "bin/with-ruby" do
    it "names the versions that there are" do
      output, status = run("bin/with-ruby", "2.7", "true")

      expect(status.exitstatus).to eq(2)
      expect(output).to include("versions: 3.3")
    end

    it "says that it needs root, and runs nothing, where it has not got it" do
      as_user = Process.uid.zero? ? %w[setpriv --reuid 65534 --clear-groups] : []
      Dir.mktmpdir do |copy|
        FileUtils.cp_r(File.join(Packaging::ROOT, "bin"), copy)
        FileUtils.chmod_R("a+rX", copy)
        output, status = run(*as_user, "#{copy}/bin/with-ruby", "3.3", "echo", "it ran", chdir: "/")

        expect(status.exitstatus).to eq(1)
        expect(output).to include("needs Linux and root", "Nothing was run")
        expect(output).not_to include("it ran")
      end
    end
  end
end
