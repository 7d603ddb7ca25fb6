# frozen_string_literal: true

require "heap_periscope_agent"
require "heap_periscope_agent/integrations"
require_relative "../support/measured_spans"

# The hook itself, in classes that look like a processor of Sidekiq and its jobs. Real Sidekiqs: spec/integration/sidekiq*_spec.rb.
RSpec.describe "HeapPeriscopeAgent::Integrations::Sidekiq::Performing" do
  include_context "with measured spans"

  processor = Class.new do
    prepend HeapPeriscopeAgent::Integrations::Sidekiq::Performing

    def process(instance, args) = execute_job(instance, args)

    private

    def execute_job(instance, args)
      instance.perform(*args)
    end
  end

  def job_class(name, &body)
    stub_const(name, Class.new do
      attr_accessor :jid

      define_method(:perform, &body)
    end)
  end

  let(:one) { processor.new }

  def perform(klass, *args, jid: "1")
    one.process(klass.new.tap { |job| job.jid = jid }, args)
  end

  def calls = HeapPeriscopeAgent.spans.to_h { |span| [span[:name], span.values_at(:type, :calls, :errors)] }

  it "measures what it hands on, with its arguments, value and exceptions" do
    job_class("Sums") { |*numbers| numbers.sum }
    job_class("Fails") { raise ArgumentError, "no" }
    job_class("Throws") { throw :done, 7 }
    expect(perform(Sums, 1, 2, 3)).to eq(6)
    expect { perform(Fails) }.to raise_error(ArgumentError, "no")
    expect(catch(:done) { perform(Throws) }).to eq(7)
    expect(calls).to eq("Sums#perform" => ["job", 1, 0], "Fails#perform" => ["job", 1, 1], "Throws#perform" => ["job", 1, 0])
  end

  it "stays private, and says what is wrong like the method it stands before" do
    expect { one.execute_job(1, []) }.to raise_error(NoMethodError)
    expect { one.process(Object.new, []) }.to raise_error(NoMethodError, /perform/)
  end

  it "names a job of Active Job by its own class, and only inside a wrapper" do
    job_class("Some::JobWrapper") { |job = nil| job }
    job_class("Plain") { |job| job }
    perform(Some::JobWrapper, { "job_class" => "ReportJob", "job_id" => "a" })
    perform(Some::JobWrapper, { "job_id" => "a" })
    perform(Some::JobWrapper, "text")
    perform(Some::JobWrapper)
    perform(Plain, { "job_class" => "ReportJob", "job_id" => "a" })
    expect(calls).to eq("ReportJob#perform" => ["job", 1, 0], "Some::JobWrapper#perform" => ["job", 3, 0], "Plain#perform" => ["job", 1, 0])
  end

  it "counts a job once that another hook sees too, and one inside it as its own" do
    job_class("Inner") { nil }
    same = one
    job_class("Outer") do |again|
      HeapPeriscopeAgent::Native.job_span("Outer", jid) { nil }
      same.process(Inner.new, []) if again
    end
    perform(Outer, true, jid: "x")
    expect(calls).to eq("Outer#perform" => ["job", 1, 0], "Inner#perform" => ["job", 1, 0])
  end

  it "does not ask the class, whatever its name says or does" do
    job_class("Odd") { :done }
    Odd.define_singleton_method(:name) { raise "no name" }
    expect(perform(Odd)).to eq(:done)
    expect(perform(Class.new(Odd))).to eq(:done)
    expect(calls.keys).to contain_exactly("Odd#perform", "(invalid name)#perform")
  end

  it "ends with Thread#raise and Thread#kill" do
    waiting = job_class("Waiting") { sleep }
    raised, killed = Array.new(2) { Thread.new { one.process(waiting.new, []) } }
    raised.report_on_exception = false
    Thread.pass until raised.stop? && killed.stop?
    raised.raise("now")
    killed.kill
    expect { raised.join }.to raise_error("now")
    killed.join
    expect(calls).to eq("Waiting#perform" => ["job", 2, 1])
  end

  it "leaves no trace in what a job raises but its own line" do
    job_class("Fails") { raise ArgumentError, "no" }
    error = begin
      perform(Fails)
    rescue ArgumentError => e
      e
    end
    expect(error.cause).to be_nil
    expect(error.backtrace.count { |line| line.include?("integrations/sidekiq.rb") }).to be <= 1
  end

  it "goes without the figures of a job that clears all fiber-local variables" do
    job_class("Clears") { Thread.current.keys.each { |key| Thread.current[key] = nil } && GC.start }
    perform(Clears)
    perform(Clears)
    job_class("Quiet") { :done }
    expect(perform(Quiet)).to eq(:done)
    expect(calls).to eq("Quiet#perform" => ["job", 1, 0])
    expect(testing.spans_current).to be_nil
  end

  it "takes a job without an id" do
    bare = stub_const("Bare", Class.new { def perform = :done })
    expect(one.process(bare.new, [])).to eq(:done)
    expect(calls).to eq("Bare#perform" => ["job", 1, 0])
  end

  it "only hands on while nothing is measured" do
    testing.spans_switch(false)
    job_class("Quiet") { :done }
    expect(perform(Quiet)).to eq(:done)
    expect(HeapPeriscopeAgent.spans).to be_empty
  ensure
    testing.spans_switch(true)
  end

  it "makes no object" do
    job_class("Frugal") { nil }
    job = Frugal.new.tap { |instance| instance.jid = "1" }
    none = [].freeze
    100.times { one.process(job, none) }
    before = GC.stat(:total_allocated_objects)
    100.times { one.process(job, none) }
    expect(GC.stat(:total_allocated_objects) - before).to be <= 1
  end
end
