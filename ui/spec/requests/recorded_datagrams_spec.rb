# frozen_string_literal: true

require_relative "../ui_helper"
require_relative "../support/recorded"

# Every figure that an agent sent, against what the API and the pages then say.
Recorded.rubies.each do |ruby|
  RSpec.describe "What an agent on Ruby #{ruby} sent", :store do
    let(:recorded) { Recorded.new(ruby) }
    let(:last) { recorded.reports.reverse.find { |report| report["type"] == "snapshot" } }
    let(:sent) { last["payload"] }
    let(:row) { HeapPeriscopeUi::ObservedProcess.first }
    let(:range) { "from=#{recorded.time_of(recorded.reports.first) - 1}&to=#{recorded.time_of(last)}" }

    def hear(datagrams)
      reader = HeapPeriscopeUi::Collector::Datagram.new
      assembler = HeapPeriscopeUi::Collector::Assembler.new
      messages = datagrams.filter_map do |bytes|
        message = reader.read(bytes.dup, 0)
        assembler.add(message.merge("_at" => HeapPeriscopeUi::Timestamps.parse(message["reported_at"])), 0)
      end
      HeapPeriscopeUi.store.write(messages)
    end

    before { hear(recorded.datagrams.reject { |bytes| bytes.include?('"goodbye"') }) }

    def json(path)
      answer = UiApp.get("/api/v1/#{path}")
      expect(answer.status).to eq(200), answer.body
      JSON.parse(answer.body)
    end

    def page(path)
      answer = UiApp.get(path)
      expect(answer.status).to eq(200), answer.body
      CGI.unescapeHTML(answer.body)
    end

    # @return [Hash] sums of an entry's figures over all snapshots, by what the block answers
    def sums(entries, *figures, &block)
      entries.group_by(&block).transform_values do |group|
        figures.to_h { |figure| [figure, group.sum { |entry| entry[figure] || 0 }] }
      end
    end

    def spans(payload)
      payload["living_objects_by_spans"].flat_map { |type, list| list.map { |entry| entry.merge("type" => type) } }
    end

    it "is complete: every section, parts, pauses between half a millisecond and a second, suspects" do
      pauses = recorded.snapshots.flat_map { |payload| payload["gc_pauses"]["buckets"] }
      expect(recorded.datagrams.join).to include('"snapshot_part"', '"goodbye"', '"gc_profiler_report"')
      expect(sent.keys).to include(*HeapPeriscopeUi::Collector::PayloadSchema::SECTIONS.keys)
      expect(pauses.select { |bucket| bucket["le_ms"]&.between?(1, 1_000) }.sum { |bucket| bucket["minor"] + bucket["major"] }).to be > 10
      expect(sent["leak_suspects"].map { |suspect| suspect["class_name"] }).to include("LineItem")
    end

    it "comes back from the API as it was sent: GC.stat, the object space, memory, pools, costs" do
      answer = json("processes/#{row.id}?at=#{recorded.time_of(last)}")
      sections = answer["moment"]["sections"]
      %w[gc_stats object_space_summary process_memory].each { |name| expect(sections[name]).to eq(sent[name]) }
      cost = sent["agent_cost"].except("census")
      expect(sections["agent_cost"].keys).to match_array(cost.keys)
      cost.each { |key, value| expect(sections["agent_cost"][key]).to be_within(0.001).of(value) }
      census = sent["agent_cost"]["census"].merge("complete" => 1)
      expect(sections["census"]).to match(census.transform_values { |value| be_within(0.001).of(value) })
      pools = sent["heap_pools"].flat_map { |pool| pool.except("slot_bytes").map { |key, value| ["#{pool["slot_bytes"]}.#{key}", value] } }.to_h
      expect(sections["heap_pools"]).to eq(pools)
      expect(answer["process"]).to include("ruby" => last["ruby"], "agent" => last["agent"], "host" => last["host"], "lost" => 0,
                                           "process_id" => last["process_id"], "service_name" => "shop", "interval" => 1.0)
      expect(answer["moment"]["metrics"]).to include(
        "heap_live_slots" => sent["gc_stats"]["heap_live_slots"], "heap_free_slots" => sent["gc_stats"]["heap_free_slots"],
        "old_objects" => sent["gc_stats"]["old_objects"], "heap_total_slots" => sent["object_space_summary"]["TOTAL"],
        "rss_bytes" => sent["process_memory"]["rss_bytes"], "agent_core_share" => be_within(1e-6).of(sent["agent_cost"]["core_share"]),
        **%w[count total_ms max_ms p50_ms p95_ms p99_ms].to_h { |key| ["pause_#{key}", be_within(0.001).of(sent["gc_pauses"][key])] }
      )
    end

    it "keeps every pause, in the bucket it came in" do
      answer = json("processes/#{row.id}/pauses?#{range}")
      all = recorded.snapshots.map { |payload| payload["gc_pauses"] }
      expected = all.flat_map { |pauses| pauses["buckets"] }.group_by { |bucket| bucket["le_ms"] }.map do |bound, buckets|
        { "le_ms" => bound, "minor" => buckets.sum { |bucket| bucket["minor"] }, "major" => buckets.sum { |bucket| bucket["major"] } }
      end
      expect(answer["buckets"].map { |bucket| bucket.transform_values { |value| value&.to_f } })
        .to eq(expected.map { |bucket| bucket.transform_values { |value| value&.to_f } })
      expect(answer["count"]).to eq(answer["buckets"].sum { |bucket| bucket["minor"] + bucket["major"] })
      expect(answer).to include("measured" => true, "count" => all.sum { |pauses| pauses["count"] }, "incomplete_until" => nil,
                                "total_ms" => be_within(0.01).of(all.sum { |pauses| pauses["total_ms"] }),
                                "max_ms" => be_within(0.001).of(all.map { |pauses| pauses["max_ms"] }.max))
      expect(HeapPeriscopeUi.store.notices.to_h).to eq({})
    end

    it "gives classes, and what lived after spans" do
      classes = json("processes/#{row.id}/classes?at=#{recorded.time_of(last)}")["classes"]
      expect(classes.to_h { |entry| [entry["name"], entry.values_at("kind", "count", "bytes")] }).to eq(
        sent["living_objects_by_class"].transform_values { |entry| [entry["is_platform_class"] ? "platform" : "application", entry["count"], entry["bytes"]] }
      )
      span = recorded.snapshots.flat_map { |payload| spans(payload) }.reverse.find { |entry| entry["live_objects"] }
      detail = json("span?type=#{span["type"]}&name=#{CGI.escape(span["name"])}&process=#{row.id}&#{range}")
      expect(detail["live_objects"].to_h { |entry| [entry["name"], entry.values_at("count", "bytes")] })
        .to eq(span["live_objects"].to_h { |entry| [entry["name"], entry.values_at("count", "bytes")] })
    end

    it "sums up spans" do
      answer = json("spans?process=#{row.id}&#{range}")["spans"]
      expected = sums(recorded.snapshots.flat_map { |payload| spans(payload) }, "calls", "errors", "wall_ms", "allocated_objects", "gc_time_ms") do |entry|
        entry.values_at("type", "name")
      end
      expect(answer.to_h { |entry| [entry.values_at("type", "name"), entry.values_at("calls", "errors", "allocated")] })
        .to eq(expected.transform_values { |sum| sum.values_at("calls", "errors", "allocated_objects") })
      answer.each do |entry|
        sum = expected[entry.values_at("type", "name")]
        expect(entry.values_at("wall_ms", "gc_ms")).to match(sum.values_at("wall_ms", "gc_time_ms").map { |value| be_within(0.01).of(value) })
      end
    end

    it "sums up allocation sites, and gives the newest retained ones" do
      key = ->(entry) { entry.values_at("class_name", "path", "line", "method") }
      answer = json("allocation_sites?process=#{row.id}&#{range}&limit=5000")["sites"]
      expected = sums(recorded.snapshots.flat_map { |payload| payload["allocation_sites"] }, "objects", &key)
      expect(answer.to_h { |entry| [key.call(entry), entry["objects"]] }).to eq(expected.transform_values { |sum| sum["objects"] })
      retained = json("retained_sites?process=#{row.id}&#{range}&limit=5000")["sites"]
      newest = recorded.snapshots.map { |payload| payload["retained_sites"] }.reverse.find(&:any?) || []
      figures = ->(entry) { [key.call(entry), entry["objects"], entry["bytes"], entry["standard_error"], entry["ages"]] }
      expect(retained.map(&figures)).to match_array(newest.map(&figures))
    end

    it "gives suspects with their figures, places and spans" do
      answer = json("leak_suspects?process=#{row.id}")["suspects"]
      expect(answer.map { |suspect| suspect["class_name"] }).to match_array(sent["leak_suspects"].map { |suspect| suspect["class_name"] })
      sent["leak_suspects"].each do |suspect|
        found = answer.find { |entry| entry["class_name"] == suspect["class_name"] }
        expect(found).to include(suspect.slice("confidence", "objects_per_hour", "objects_per_hour_error", "bytes_per_hour", "count", "bytes",
                                               "sentence", "sites", "spans", "stack"))
        expect(found["since"]).to eq((Time.iso8601(suspect["since"]).to_r * 1000).to_i)
      end
      page = page("/leaks?process=#{row.id}")
      expect(page.scan(%r{<h2 class="say".*?</h2>}m).join).to include("LineItem")
    end

    it "lists what happened" do
      events = json("events?process=#{row.id}&limit=200")["events"].reverse
      reports = recorded.reports.reject { |report| report["type"] == "goodbye" }
      expect(events.map { |event| [event["kind"], event["at"]] }).to match_array(
        reports.map { |report| [report["type"] == "snapshot" ? "snapshot" : "gc", recorded.time_of(report)] }
      )
      gc = reports.select { |report| report["type"] == "gc_profiler_report" }.map { |report| report["payload"] }
      expect(events.select { |event| event["kind"] == "gc" }.map { |event| event.values_at("n", "ms", "pauses") })
        .to match_array(gc.map { |payload| payload.values_at("gc_invocation_count", "gc_duration_since_last_check_ms", "pauses_ms") })
      hear(recorded.datagrams.grep(/"goodbye"/))
      expect(json("processes/#{row.id}")["process"]).to include("state" => "gone", "goodbye_reason" => "exit")
    end

    it "stands on the page of the process" do
      html = page("/processes/#{row.id}?#{range}").gsub("<wbr>", "").gsub(HeapPeriscopeUi::Figures::THIN_SPACE, "")
      text = html.gsub(/<[^>]+>/, " ").squeeze(" ")
      expect(text).to include("heap_live_slots #{sent["gc_stats"]["heap_live_slots"]}", "LineItem")
      pauses = recorded.snapshots.flat_map { |payload| payload["gc_pauses"]["buckets"] }
      counts = sums(pauses, "minor", "major") { |bucket| bucket["le_ms"] }.values.reject { |sum| sum.values.sum.zero? }
      shown = html[%r{Pauses by length.*?</table>}m].scan(%r{<td class="r">(\d+)</td><td class="r">(\d+)</td>}).map { |pair| pair.map(&:to_i) }
      expect(shown).to include(*counts.map(&:values))
    end
  end
end

RSpec.describe "Bounds of the pause histogram" do
  it "are those of every agent" do
    bounds = Recorded.rubies.flat_map { |ruby| Recorded.new(ruby).snapshots.map { |payload| payload["gc_pauses"]["buckets"].map { |bucket| bucket["le_ms"] } } }
    expect(bounds.uniq.size).to eq(1)
    expect(HeapPeriscopeUi::Metrics::PAUSE_BOUNDS_MS.map { |bound| bound&.to_f }).to eq(bounds.first.map { |bound| bound&.to_f })
    expect(Recorded.rubies).to include("3.1", "3.3")
  end
end
