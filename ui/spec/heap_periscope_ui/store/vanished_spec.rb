# frozen_string_literal: true

require_relative "../../ui_helper"

RSpec.describe HeapPeriscopeUi::Store::Vanished, :store do
  let(:store) { HeapPeriscopeUi.store }
  let(:now) { HeapPeriscopeUi::Timestamps.now }
  let(:here) { Socket.gethostname }
  let(:ended) { spawn("true").tap { |pid| Process.wait(pid) } }

  # @return [HeapPeriscopeUi::ObservedProcess] of which nothing was heard for so long
  def process(pid, host: here, silent_s: 60, suspect: false)
    member = SampleData.members.first.dup
    member.pid = pid
    member.host = host
    member.instance = SecureRandom.uuid
    message = SampleData.snapshot(member, 0, now - (silent_s * 1000))
    message["payload"]["leak_suspects"] = suspect ? [{ "class_name" => "Ghost", "confidence" => "high", "since" => message["reported_at"] }] : []
    store.write(message, received_at: now - (silent_s * 1000))
    HeapPeriscopeUi::ObservedProcess.find_by!(instance: member.instance)
  end

  it "marks a silent process of this host that runs no more as gone, at once" do
    processes = { "ended" => process(ended), "just heard of" => process(ended, silent_s: 1), "of another host" => process(ended, host: "elsewhere") }
    expect(HeapPeriscopeUi::Store::Housekeeper.new(store).step(now_ms: now)).to be_nil
    expect(processes.transform_values { |one| one.reload.state(now) }).to eq("ended" => "gone", "just heard of" => "alive", "of another host" => "silent")
    expect(processes["ended"].goodbye_reason).to eq("no longer running")
  end

  it "leaves alone what runs, and sees through an id that another process has now" do
    running = process(Process.pid, silent_s: 40)
    reused = process(Process.pid)
    reused.update!(last_seen_at: now - 3_000_000)
    started = described_class.started_at(Process.pid)
    expect(started).to be_within(3_600).of(Time.now.to_f)
    running.update!(last_seen_at: ((started + 5) * 1000).to_i)
    described_class.new.look(running.last_seen_at + 40_000)
    expect(running.reload.goodbye_at).to be_nil
    described_class.new.look(now)
    expect([running.reload.state(running.last_seen_at + 40_000), reused.reload.state(now)]).to eq(%w[silent gone])
  end

  it "takes it back when the process reports after all" do
    gone = process(ended)
    described_class.new.look(now)
    member = SampleData.members.first
    member.instance = gone.instance
    store.write(SampleData.snapshot(member, 10, now))
    expect(gone.reload.state(now)).to eq("alive")
  end

  it "keeps suspects of the dead out of those of the living" do
    process(ended, suspect: true)
    process(4_194_000, host: "elsewhere", silent_s: 700, suspect: true)
    alive = process(Process.pid, silent_s: 1, suspect: true)
    described_class.new.look(now)
    suspect = HeapPeriscopeUi::SuspectsQuery.new.call[:suspects]
    expect(suspect.map { |one| [one[:processes].map { |row| row[:id] }, one[:processes_of_service], one[:since]] })
      .to match([[[alive.id], 1, be_within(100).of(now - 1_000)]])
    dead = HeapPeriscopeUi::ObservedProcess.order(:id).first
    expect(HeapPeriscopeUi::SuspectsQuery.new(process: dead).call[:cleared].size).to eq(1)
  end
end
