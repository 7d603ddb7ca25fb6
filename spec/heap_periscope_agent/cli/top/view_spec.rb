# frozen_string_literal: true

require "heap_periscope_agent/cli/top"
require_relative "../../../support/reports"

RSpec.describe HeapPeriscopeAgent::CLI::Top::View do
  include Reports

  states = [{}, { help: true }, { paused: true, lost: 1_234_567, refused: 99_999 }, { notice: "n" * 300 }]
  widths = [20, 40, 60, 80, 100, 132, 200]

  let(:top) { HeapPeriscopeAgent::CLI::Top }
  let(:text) { HeapPeriscopeAgent::CLI::Text }
  let(:start) { Time.at(1_700_000_000) }
  let(:model) { top::Model.new }
  let(:plain) { top::Style.new }

  def take(document, after: 0)
    model.receive(HeapPeriscopeAgent::CLI::Datagram.new(received(document), received_at: start + after,
                                                                            from: "127.0.0.1:5000"))
  end

  def report_from_three_processes
    3.times do |index|
      place = { process_id: 48_213 + index, service_name: %w[Rails Rails Sidekiq][index], instance: "i#{index}" }
      3.times do |round|
        gc = { count: 10 + (7 * round), time: 310 * round, heap_live_slots: 1_204_311, heap_free_slots: 150_000,
               total_allocated_objects: 12_400_000 * round }
        counts = classes(String: [482_113 + (round * 1000), 31_200_000, true],
                         LineItem: [49_000 + (round * 6200), 4_700_000 + (round * 480_000), false],
                         "A::Very::Long::Namespace::Of::SomeLibrary::Connection": [30 - round, 2_900, true])
        take(snapshot({ gc_stats: gc, process_memory: { rss_bytes: 432_642_458 } }.merge(counts),
                      sequence: (2 * round) + 1, **place), after: 10 * round)
        take(gc_report({ pauses_ms: [8.4] }, sequence: (2 * round) + 2, **place), after: (10 * round) + 1)
      end
    end
  end

  def frame(**changes)
    rows = model.rows(start + 22)
    top::Frame.new(source: "listening on 127.0.0.1:9000", place: "127.0.0.1:9000", now: start + 22, rows: rows,
                   selected: rows.first&.key, events: model.events(rows.first&.key), lost: 0, refused: 0,
                   order: :objects, process_order: :appearance, **changes)
  end

  def render(width: 132, height: 24, style: plain, **changes)
    described_class.new(style).render(frame(**changes), width: width, height: height)
  end

  def clock(after) = (start + after).strftime("%H:%M:%S")

  # @return [Array<String>] what stands in the columns of a line
  def cells(line) = line.strip.split(/ {2,}/)

  def columns_of(line) = text.width(line.gsub(/\e\[\d+m/, ""))

  context "with reports of three processes" do
    before { report_from_three_processes }

    it "shows processes, classes and what happened" do
      lines = render.map(&:rstrip)
      expect(lines[0]).to start_with("heap_periscope top · listening on 127.0.0.1:9000 · 3 processes · #{clock(22)}  ")
      expect(lines[0]).to end_with("  lost 0 · q quit  s sort  p pause  tab next  ? help")
      expect(cells(lines[2])).to eq(["SERVICE", "PID", "RUBY", "RSS", "LIVE SLOTS", "FREE", "ALLOC/s", "GC/min", "GC %",
                                     "PAUSE p99", "AGE", "TREND (5 min)"])
      expect(cells(lines[3])).to eq(["▸Rails", "48213", "3.4.9", "412.6 MB", "1 204 311", "▇▇▇▇▇▇▇░", "11 %", "1.24 M",
                                     "42", "3.1", "8.4 ms", "1 s", "▄"])
      expect(lines[5]).to start_with(" Sidekiq  ")
      expect(cells(lines[7])).to eq(["Rails 48213 · living objects by class, since #{clock(0)}", "▼count", "bytes",
                                     "Δ count", "Δ bytes"])
      expect(cells(lines[8])).to eq(["String", "platform", "484 113", "29.8 MB", "+", "2 000", "0"])
      expect(cells(lines[9])).to eq(["LineItem", "app", "61 400", "5.4 MB", "+", "12 400 ▲", "+", "937.5 KB ▲"])
      expect(lines[12]).to start_with(" #{clock(21)} gc minor 2.1 ms (newobj)   #{clock(20)} snapshot #5 (1 part)")
    end

    it "puts the ends of numbers in one column" do
      heads, *rows = render.values_at(2, 3, 4, 5)
      %w[PID RSS SLOTS FREE ALLOC/s GC/min % p99 AGE].each do |title|
        column = heads.index(/#{Regexp.escape(title)}( |$)/) + title.length - 1
        expect(rows.map { |row| row[column] }).to all(match(/\S/)), title
        expect(rows.map { |row| row[column + 1] }.uniq).to eq([" "]), title
      end
    end

    widths.product([3, 10, 24, 50]).each do |width, height|
      it "fits #{width} columns and #{height} lines, in colour and without, with help and paused" do
        [plain, top::Style.new(color: true), top::Style.new(ascii: true)].each do |style|
          states.each do |changes|
            lines = render(width: width, height: height, style: style, **changes)
            expect(lines.size).to be_between(1, height)
            expect(lines.map { |line| columns_of(line) }).to all(be <= width)
            expect(lines).to all(satisfy { |line| !line.include?("\n") })
          end
        end
      end
    end

    it "leaves out what matters least where there is little room" do
      heads = [132, 100, 80].to_h { |width| [width, cells(render(width: width)[2])] }
      expect(heads[100]).to eq(["SERVICE", "PID", "RSS", "LIVE SLOTS", "FREE", "ALLOC/s", "GC %", "PAUSE p99", "AGE",
                                "TREND (5 min)"])
      expect(heads[80]).to eq(["SERVICE", "PID", "RSS", "LIVE SLOTS", "ALLOC/s", "GC %", "PAUSE p99", "AGE"])
      expect(cells(render(width: 80)[7])).to eq(["Rails 48213", "▼count", "bytes", "Δ count",
                                                 "Δ bytes"])
      expect(render(width: 80)[0]).to match(/lost 0 · \? help\z/)
      expect(render(width: 80)[10]).to start_with("…").and include("Connection ")
    end

    it "sorts classes by each column and says which" do
      first = top::ClassTable.orders.to_h do |order|
        lines = render(order: order)
        [lines[7][/▼(Δ? ?\w+)/, 1], lines[8].split.first]
      end
      expect(first).to eq("count" => "String", "bytes" => "String", "Δ count" => "LineItem", "Δ bytes" => "LineItem")
    end

    it "shows the selected process among many, with its classes" do
      60.times { |index| take(snapshot(instance: "x#{index}", process_id: index, service_name: "Worker")) }
      lines = render(selected: "x45", height: 30)
      expect(lines.grep(/\A▸Worker +45 /).size).to eq(1)
      expect(lines.grep(/ Worker 45 · living objects by type/).size).to eq(1)
      expect(lines.size).to be <= 30
    end

    it "says how classes are had when there are only types" do
      take(snapshot(instance: "x", process_id: 1))
      expect(render(selected: "x").join("\n")).to match(/T_STRING +40 000 +– +0.*heap_periscope run --detailed/m)
    end

    it "tells machines apart only where there are several" do
      expect(render(width: 160)[2]).not_to include("HOST")
      take(snapshot(instance: "x", process_id: 1, host: "web-2"))
      expect(render(width: 160)[2]).to include("HOST")
    end

    it "tells what was lost and refused, and that it is paused" do
      expect(render(lost: 3, refused: 2, paused: true)[0]).to match(/ · PAUSED .* lost 3 · refused 2 · /)
      expect(render(lost: nil, refused: nil)[0]).not_to match(/lost|refused/)
    end

    it "uses colours only to set off, and none when NO_COLOR is set" do
      none = top::Style.for({ "NO_COLOR" => "1" }, Encoding::UTF_8)
      some = top::Style.for({ "NO_COLOR" => "" }, Encoding::UTF_8)
      expect(render(style: none)).to eq(render)
      expect(render(style: some)).not_to eq(render)
      expect(render(style: some).map { |line| line.gsub(/\e\[\d+m/, "") }).to eq(render)
    end

    it "is plain ASCII where the terminal knows nothing else" do
      ascii = render(style: top::Style.for({ "NO_COLOR" => "1" }, Encoding::US_ASCII))
      expect(ascii).to all(be_ascii_only)
      expect(ascii[3]).to start_with(">Rails")
    end
  end

  it "says that it waits while nothing has arrived" do
    widths.each do |width|
      expect(render(width: width).map { |line| text.width(line) }).to all(be <= width)
    end
    expect(render[2]).to eq(" Waiting for reports: nothing has arrived yet.")
    expect(render(notice: "3 datagrams were refused.")[3]).to eq(" 3 datagrams were refused.")
  end

  it "lets no text from a datagram reach the terminal raw or break the lines" do
    evil = ["\e[2J\e[31mred", "a\r\nb", "\u202Egnp", "\u009B31m", "Z\u0351\u0310\u0324", "日本語" * 40, "👩‍👩‍👧‍👦",
            "\u0000", "\t"]
    evil.each_with_index do |name, index|
      take(snapshot(classes(name.to_sym => [1, 1, false]), service_name: name, host: name, ruby: name, instance: name,
                                                           process_id: index))
      take(envelope("goodbye", { reason: name }, instance: name, process_id: index, sequence: 2))
    end
    evil.each do |name|
      widths.each do |width|
        key = text.clean(name)
        lines = render(width: width, height: 50, selected: key[0, 64], events: model.events(key[0, 64]))
        expect(lines.map { |line| text.width(line) }).to all(be <= width)
        expect(lines.join).not_to match(/[\p{Cc}\p{Cf}\p{M}]/)
      end
    end
  end
end
