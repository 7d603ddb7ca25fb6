# frozen_string_literal: true

require_relative "sample_data"

# Snapshots in which every text that a sender chooses is one of the given names: service, host, classes, spans, sites, threads.
class NamedReport
  CLASSES_IN_A_PART = 100

  attr_reader :pid

  # @param names [Array<String>] ten or more
  def initialize(pid, names)
    @pid = pid
    @names = names
    @member = SampleData.members(1).first
    @member.pid = pid
    @member.service, @member.host = names.first(2).map { |name| name[0, 250] }
    @member.leak = false
  end

  # @return [Array<Hash>] one snapshot in parts, and a report of collections
  def messages(at, seconds)
    tables = @names.each_slice(CLASSES_IN_A_PART).map { |names| { "living_objects_by_class" => classes(names) } }
    whole = SampleData.snapshot(@member, seconds, at).merge("parts" => tables.size + 1)
    whole["payload"].merge!(findings(whole["reported_at"]))
    parts = tables.map.with_index(2) { |table, part| whole.merge("type" => "snapshot_part", "part" => part, "payload" => table) }
    [whole, *parts, gc_report(at)]
  end

  private

  def findings(since)
    { "living_objects_by_class" => {}, "living_objects_by_spans" => { "controller" => spans }, "leak_suspects" => [suspect(since)],
      "allocation_sites" => sites, "retained_sites" => sites.map { |site| site.merge("bytes" => 100) } }
  end

  def classes(names)
    names.to_h do |name|
      count = 2_000 - @names.index(name)
      [name, { "count" => count, "is_platform_class" => count.even?, "bytes" => count * 40 }]
    end
  end

  def spans
    object = SampleData.live_object(@names[9], { "count" => 9, "bytes" => 90, "is_platform_class" => false })
    SampleData.span_list(@names.first(40), @member, 0).each { |span| span["live_objects"] = span["survivors"] = [object] }
  end

  def suspect(since)
    site = { "path" => @names[3], "line" => 1, "method" => @names[4], "share" => 0.9 }
    span = { "type" => "controller", "name" => @names[5], "share" => 0.9 }
    SampleData.suspect(@member, 0).merge("class_name" => @names[2], "sites" => [site], "spans" => [span], "stack" => @names.first(5),
                                         "since" => since)
  end

  def sites
    @names.first(10).map { |name| SampleData.site(name, name, 1, name, 50).merge("stack" => [name]) }
  end

  def gc_report(at)
    SampleData.gc_report(@member, at).tap { |report| report["payload"]["pauses"].each { |pause| pause["thread"] = @names[8] } }
  end
end
