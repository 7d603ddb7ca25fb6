# frozen_string_literal: true

require_relative "../ui_helper"

RSpec.describe "Comparing tables that hold the most frequent classes only", :store do
  let(:now) { HeapPeriscopeUi::Timestamps.now }
  let(:row) { HeapPeriscopeUi::ObservedProcess.first }

  def write(at, classes)
    message = SampleData.snapshot(SampleData.members.first.tap { |member| member.instance = "one" }, 0, at)
    table = classes.transform_values { |count| { "count" => count, "bytes" => count * 40 } }
    HeapPeriscopeUi.store.write(message.merge("payload" => { "gc_stats" => { "count" => 1 }, "living_objects_by_class" => table }), received_at: at)
  end

  def states
    answer = HeapPeriscopeUi::CompareQuery.new([row, now - 60_000], [row, now]).call
    answer[:classes].to_h { |entry| [entry[:name], entry.values_at(:state, :a_at_most, :b_at_most)] }
  end

  it "calls nothing new or gone that may have been below the list" do
    write(now - 60_000, "String" => 900, "Cat" => 300, "Set" => 183)
    write(now, "String" => 900, "Leak" => 500, "Small" => 170)
    expect(states).to eq("String" => ["same", nil, nil], "Cat" => ["shrank", nil, 170], "Set" => ["shrank", nil, 170], "Leak" => ["grew", 183, nil],
                         "Small" => ["unclear", 183, nil])
    page = UiApp.get("/compare?process=#{row.id}&from=#{now - 60_000}&to=#{now}").body
    expect(page).to include("≤ 183 (below the list)", "below the list</td>")
  end

  it "calls a class new or gone where the tables are whole" do
    write(now - 60_000, "String" => 900, "Cat" => 1)
    write(now, "String" => 900, "Leak" => 5, "Once" => 1)
    expect(states).to include("Cat" => ["gone", nil, 1], "Leak" => ["new", 1, nil])
  end
end
