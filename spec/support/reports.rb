# frozen_string_literal: true

require "json"
require "openssl"
require "socket"
require "time"

# Builds datagrams as docs/wire-format.md describes them, and sends them.
module Reports
  module_function

  def envelope(type, payload, at: Time.now, **changes)
    { type: type, process_id: 4711, service_name: "Shop", reported_at: at.utc.iso8601(3), payload: payload,
      schema: 1, host: "web-1", instance: "b6f8b1de-0000-4000-8000-000000004711", sequence: 1, part: 1, parts: 1,
      interval: 10.0, ruby: "3.4.9", agent: "1.0.0" }.merge(changes)
  end

  def snapshot(payload = {}, **changes)
    gc = { count: 10, time: 100, heap_live_slots: 90_000, heap_free_slots: 10_000, total_allocated_objects: 1_000_000 }
    base = { gc_stats: gc, object_space_summary: { TOTAL: 100_000, FREE: 10_000, T_STRING: 40_000, T_ARRAY: 9_000 },
             living_objects_by_spans: {}, process_memory: { rss_bytes: 104_857_600 } }
    envelope("snapshot", base.merge(payload) { |_, old, new| old.is_a?(Hash) ? old.merge(new) : new }, **changes)
  end

  def gc_report(payload = {}, **changes)
    base = { gc_duration_since_last_check_ms: 2.1, gc_invocation_count: 1, pauses_ms: [2.1],
             latest_gc_info: { major_by: nil, gc_by: "newobj" } }
    envelope("gc_profiler_report", base.merge(payload), **changes)
  end

  # What version 0.3.0 sent
  def original_snapshot(process_id: 99, **payload)
    { type: "snapshot", process_id: process_id, service_name: "Rails", reported_at: Time.now.utc.iso8601,
      payload: { gc_stats: { count: 3, heap_live_slots: 50, heap_free_slots: 50, total_allocated_objects: 5_000 },
                 object_space_summary: { TOTAL: 100, FREE: 50, T_STRING: 30 },
                 living_objects_by_spans: {} }.merge(payload) }
  end

  def classes(**counts)
    entries = counts.to_h { |name, (count, bytes, platform)| [name, { count:, is_platform_class: platform, bytes: }] }
    { living_objects_by_class: entries }
  end

  def sign(document, secret, key: "default")
    text = JSON.generate({ key: key, signature: "0" * 64 }.merge(document))
    text.sub("0" * 64, OpenSSL::HMAC.hexdigest("SHA256", secret, text))
  end

  # @return [Hash] as a receiver reads it
  def received(document) = JSON.parse(JSON.generate(document))

  def send_to(port, *messages)
    socket = UDPSocket.new
    messages.each do |message|
      socket.send(message.is_a?(String) ? message : JSON.generate(message), 0, "127.0.0.1", port)
    end
  ensure
    socket&.close
  end
end
