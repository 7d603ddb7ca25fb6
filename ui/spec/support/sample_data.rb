# frozen_string_literal: true

require "securerandom"
require_relative "recorded"

# Messages as agents would send them: several services on several hosts, a leak in one of them. For specs, benchmarks and work
# on the pages; the numbers follow simple rules, so that what a page shows can be checked by eye.
module SampleData
  Member = Struct.new(:service, :host, :pid, :instance, :ruby, :live, :rate, :leak, :detailed, :sequence, :allocated,
                      :collections, keyword_init: true)

  PLATFORM = %w[String Array Hash Proc Class Symbol RubyVM::InstructionSequence ActiveModel::Attribute::FromDatabase
                ActiveSupport::HashWithIndifferentAccess Range MatchData Thread::Mutex].freeze
  APPLICATION = %w[LineItem Product Cart Order Customer Catalog::Pricing::VolumeDiscount::TierTable Import::Row].freeze
  CONTROLLERS = %w[PostsController#index ProductsController#show CartsController#add CheckoutsController#create OrdersController#index
                   Api::V2::Inventory::ReservationsController#bulk_update HealthController#show].freeze
  JOBS = %w[ReceiptMailJob#perform ImportJob#perform].freeze
  MODELS = %w[Order#update LineItem#create Product#update].freeze
  # As an agent sent them, not as the collector has them.
  BOUNDS = Recorded.new(Recorded.rubies.first).snapshots.first["gc_pauses"]["buckets"].map { |bucket| bucket["le_ms"] }.freeze

  module_function

  # @param count [Integer, nil] how many processes; nil: a shop with 8
  def members(count = nil)
    plan = if count
             Array.new(count) do |i|
               ["service-#{i % 5}", "host-#{i % 10}", 10_000 + i, 1_000_000 + (i * 1_000), 200_000, i.zero?]
             end
           else
             [["shop-web", "web-1", 41_209, 1_900_000, 412_000, true], ["shop-web", "web-1", 41_207, 1_840_000, 398_000, true],
              ["shop-web", "web-1", 41_190, 702_000, 200, false], ["shop-web", "web-2", 22_816, 1_810_000, 388_000, true],
              ["shop-sidekiq", "jobs-1", 9_118, 2_710_000, 1_100_000, false], ["shop-sidekiq", "jobs-1", 9_120, 2_400_000, 1_000_000, false],
              ["shop-admin", "web-2", 22_931, 1_120_000, 64_000, false], ["shop-rake", "jobs-1", 31_804, 941_000, 620_000, false]]
           end
    plan.map do |service, host, pid, live, rate, leak|
      Member.new(service: service, host: host, pid: pid, instance: SecureRandom.uuid, ruby: "3.4.9", live: live, rate: rate, leak: leak,
                 detailed: true, sequence: 0, allocated: live * 3, collections: 100)
    end
  end

  # @param member [Member]
  # @param seconds [Numeric] since the story began
  # @param at [Integer] unix ms
  # @return [Hash] one snapshot
  def snapshot(member, seconds, at, interval: 10.0)
    member.allocated += (member.rate * interval).to_i
    member.collections += (member.rate / 200_000.0 * interval).ceil
    content = payload(member, seconds, interval)
    content["leak_suspects"]&.each { |suspect| suspect["since"] = Time.at((at / 1000) - seconds.to_i + 600).utc.iso8601(3) }
    envelope(member, "snapshot", at, interval, content)
  end

  def gc_report(member, at, interval: 10.0)
    pauses = Array.new(1 + (member.rate / 200_000)) { |i| (4.2 + i + Math.sin(at / 7_000.0)).round(3) }
    envelope(member, "gc_profiler_report", at, interval,
             "gc_duration_since_last_check_ms" => pauses.sum, "gc_invocation_count" => pauses.size, "pauses_ms" => pauses,
             "latest_gc_info" => { "major_by" => nil, "gc_by" => "newobj", "immediate_sweep" => false, "state" => "none" },
             "pauses" => [{ "ms" => pauses.max, "major" => false, "reason" => "newobj", "thread" => "puma srv tp 001" }])
  end

  def goodbye(member, at)
    envelope(member, "goodbye", at, 10.0, "reason" => "exit")
  end

  def envelope(member, type, at, interval, payload)
    member.sequence += 1
    { "type" => type, "process_id" => member.pid, "service_name" => member.service,
      "reported_at" => Time.at(at / 1000, at % 1000, :millisecond).utc.iso8601(3), "payload" => payload, "schema" => 1,
      "host" => member.host, "instance" => member.instance, "sequence" => member.sequence, "part" => 1, "parts" => 1,
      "interval" => interval, "ruby" => member.ruby, "agent" => "1.0.0" }
  end

  def payload(member, seconds, interval)
    live = live_slots(member, seconds)
    total = (member.live * 1.2).to_i
    sections = {
      "gc_stats" => gc_stats(member, live, total, seconds),
      "object_space_summary" => { "TOTAL" => total, "FREE" => total - live, "T_OBJECT" => live / 10, "T_STRING" => live / 2,
                                  "T_ARRAY" => live / 5, "T_HASH" => live / 10, "T_DATA" => live / 20, "T_IMEMO" => live / 20 },
      "living_objects_by_class" => classes(member, live, seconds),
      "living_objects_by_spans" => spans(member, seconds),
      "heap_pools" => [40, 80, 160, 320, 640].each_with_index.map do |bytes, i|
        slots = total >> (i + 1)
        { "slot_bytes" => bytes, "pages" => slots / 400, "total_slots" => slots, "live_slots" => (slots * 0.83).to_i }
      end,
      "gc_pauses" => pauses(member, interval),
      "process_memory" => memory(live, seconds, member),
      "agent_cost" => cost(seconds)
    }
    member.detailed ? sections.merge(sampling(member, seconds)) : sections
  end

  def live_slots(member, seconds)
    (member.live * (0.92 + (0.08 * ((seconds / 120.0) % 1.0)))).to_i + leaked(member, seconds)
  end

  def leaked(member, seconds)
    member.leak ? (seconds * 3.44).to_i : 0
  end

  def gc_stats(member, live, total, seconds)
    majors = member.collections / 16
    { "count" => member.collections, "time" => member.collections * 7, "marking_time" => member.collections * 5, "sweeping_time" => member.collections * 2,
      "heap_allocated_pages" => total / 400, "heap_empty_pages" => 3, "heap_allocatable_slots" => 0, "heap_available_slots" => total,
      "heap_live_slots" => live, "heap_free_slots" => total - live, "heap_final_slots" => 0, "heap_marked_slots" => (live * 0.9).to_i,
      "heap_eden_pages" => total / 400, "total_allocated_pages" => total / 350, "total_freed_pages" => 276,
      "total_allocated_objects" => member.allocated, "total_freed_objects" => member.allocated - live,
      "malloc_increase_bytes" => 11_800_000 + (seconds.to_i % 100 * 1000), "malloc_increase_bytes_limit" => 33_554_432,
      "minor_gc_count" => member.collections - majors, "major_gc_count" => majors, "compact_count" => 0, "read_barrier_faults" => 0,
      "total_moved_objects" => 0, "remembered_wb_unprotected_objects" => 18_204, "remembered_wb_unprotected_objects_limit" => 34_912,
      "old_objects" => (live * 0.78).to_i, "old_objects_limit" => (live * 1.4).to_i, "oldmalloc_increase_bytes" => 50_500_000,
      "oldmalloc_increase_bytes_limit" => 101_000_000, "weak_references_count" => 4_118 }
  end

  def classes(member, live, seconds)
    platform = PLATFORM.each_with_index.to_h do |name, i|
      count = (live / (2 + (i * i))) + ((seconds.to_i / 10 * (i + 3)) % 97)
      [name, { "count" => count, "is_platform_class" => true, "bytes" => count * (40 + (i * 8)) }]
    end
    application = APPLICATION.each_with_index.to_h do |name, i|
      count = i.zero? ? 3_880 + leaked(member, seconds) : (20_000 / (i + 1)) + ((seconds.to_i / 10) % 53)
      [name, { "count" => count, "is_platform_class" => false, "bytes" => count * 256 }]
    end
    platform.merge(application)
  end

  def spans(member, seconds)
    case member.service
    when /web|admin|service/ then { "controller" => span_list(CONTROLLERS, member, seconds),
                                    "model" => span_list(MODELS, member, seconds) }
    when /sidekiq/ then { "job" => span_list(JOBS, member, seconds), "model" => span_list(MODELS, member, seconds) }
    else { "task" => span_list(%w[db:seed], member, seconds) }
    end
  end

  def span_list(names, member, seconds)
    names.each_with_index.map do |name, i|
      calls = 60 / (i + 1)
      leaking = member.leak && name == "CartsController#add"
      entry = { "name" => name, "calls" => calls, "errors" => i == 3 ? 1 : 0, "wall_ms" => calls * 12.5, "allocated_objects" => calls * [19_200 - (i * 2_000), 400].max,
                "allocated_by" => "thread", "gc_time_ms" => calls * 0.6 }
      if (seconds.to_i % 60).zero?
        entry["measured_at"] = Time.at(1_700_000_000 + seconds.to_i).utc.iso8601(3)
        entry["live_objects"] = classes(member, member.live, seconds).first(6).map do |key, value|
          live_object(key, value)
        end
      end
      entry["survivors"] =
        [live_object("LineItem",
                     { "count" => 100 + (leaking ? leaked(member, seconds) : 0), "bytes" => 25_600,
                       "is_platform_class" => false })]
      entry
    end
  end

  def live_object(name, value)
    { "name" => name, "type" => value["is_platform_class"] ? "native" : "application", "count" => value["count"],
      "size" => format("%.2f KB", value["bytes"] / 1024.0), "bytes" => value["bytes"] }
  end

  # @param message [Hash]
  # @return [String] a datagram signed with the key of that id
  def signed(message, key, secret)
    unsigned = JSON.generate({ "key" => key, "signature" => "0" * 64 }.merge(message))
    unsigned.sub("0" * 64, OpenSSL::HMAC.hexdigest("SHA256", secret, unsigned))
  end

  def pauses(member, interval)
    count = (member.rate / 200_000.0 * interval).ceil
    buckets = BOUNDS.map { |bound| { "le_ms" => bound, "minor" => 0, "major" => 0 } }
    buckets[5]["minor"] = count
    buckets[8]["major"] = count / 16
    { "count" => count + (count / 16), "total_ms" => (count * 4.2) + (count / 16 * 40.0), "max_ms" => count >= 16 ? 44.6 : 4.9, "since_s" => interval, "single" => true,
      "p50_ms" => 4.1, "p95_ms" => 4.8, "p99_ms" => count >= 16 ? 41.0 : 4.9, "buckets" => buckets }
  end

  def memory(live, seconds, member)
    rss = (live * 310) + (member.leak ? (seconds * 5_000).to_i : 0)
    { "rss_bytes" => rss, "pss_bytes" => (rss * 0.76).to_i, "shared_bytes" => (rss * 0.24).to_i,
      "private_bytes" => (rss * 0.7).to_i, "swap_bytes" => 0 }
  end

  def cost(seconds)
    snapshots = (seconds / 10).to_i
    { "gvl_ms" => snapshots * 0.7, "cpu_ms" => snapshots * 1.9, "snapshots" => snapshots, "snapshots_skipped" => 0, "censuses" => snapshots, "censuses_incomplete" => 0,
      "gc_reports" => snapshots * 4, "datagrams_sent" => snapshots * 5, "bytes_sent" => snapshots * 4_100, "datagrams_dropped" => 0, "oversized_parts" => 0,
      "entries_dropped" => 0, "names_truncated" => 0, "failures" => 0, "windows" => snapshots * 16, "core_share" => 0.0031,
      "census" => { "objects" => 1_900_000, "slices" => 12, "gvl_ms" => 6.8, "longest_slice_ms" => 0.8, "stall_ms" => 0.1, "longest_stall_ms" => 0.1,
                    "wall_ms" => 11.2, "collections" => 0, "complete" => true } }
  end

  def sampling(member, seconds)
    found = leaked(member, seconds)
    retained = [site("LineItem", "app/models/cart.rb", 41, "Cart#add", 1_000 + found),
                site("LineItem", "app/models/concerns/purchasable/quantity_rules.rb", 112,
                     "Purchasable::QuantityRules#split_into_packs", 700),
                site("String", "app/controllers/checkouts_controller.rb", 33, "CheckoutsController#create",
                     300)].map do |entry|
      entry.merge("bytes" => entry["objects"] * 256, "ages" => { "young" => entry["objects"] / 20, "middle" => entry["objects"] / 10, "old" => entry["objects"] * 17 / 20 },
                  "lifetimes" => [1, 10, 60, 600, nil].map do |bound|
                    { "le_s" => bound, "objects" => bound ? 12 : entry["objects"] }
                  end)
    end
    { "allocation_sampling" => { "state" => "on", "windows" => 5_914, "sampled_objects" => 120_000, "stacks" => 410, "allocated_objects" => member.allocated,
                                 "since_s" => 10.0, "cost_share" => 0.004, "sites_evicted" => 0, "retained_watched" => 4_200, "retained_state" => "on" },
      "allocation_sites" => [site("Hash", "app/models/cart.rb", 41, "Cart#add", 12_400), site("String", "app/views/posts/_post.html.erb", 7, "render", 8_100),
                             site("Array", "app/models/product.rb", 18, "Product.find", 3_300)],
      "retained_sites" => retained, "leak_suspects" => member.leak && seconds > 1_200 ? [suspect(member, seconds)] : [] }
  end

  def site(class_name, path, line, method, objects)
    { "class_name" => class_name, "path" => path, "line" => line, "method" => method, "objects" => objects, "standard_error" => Math.sqrt(objects).round,
      "share" => 0.12, "stack" => ["#{path}:#{line} in #{method}", "activerecord (12 frames)", "app/controllers/carts_controller.rb:18 in CartsController#add", "puma (6 frames)"] }
  end

  def suspect(member, seconds)
    { "class_name" => "LineItem", "confidence" => "high", "objects_per_hour" => 12_384.0, "objects_per_hour_error" => 900.0, "bytes_per_hour" => 3_170_304.0,
      "since" => Time.at(1_700_000_000).utc.iso8601(3), "count" => 3_880 + leaked(member, seconds), "bytes" => (3_880 + leaked(member, seconds)) * 256,
      "sites" => [{ "path" => "app/models/cart.rb", "line" => 41, "method" => "Cart#add", "share" => 0.94 },
                  { "path" => "app/models/concerns/purchasable/quantity_rules.rb", "line" => 112,
                    "method" => "Purchasable::QuantityRules#split_into_packs", "share" => 0.06 }],
      "spans" => [{ "type" => "controller", "name" => "CartsController#add", "share" => 0.94 }],
      "stack" => ["activerecord (12 frames)", "app/models/cart.rb:41 in Cart#add", "app/controllers/carts_controller.rb:18 in CartsController#add", "puma (6 frames)"],
      "sentence" => "LineItem grows by 12 384 objects an hour; 94 % of the survivors come from app/models/cart.rb:41 in Cart#add." }
  end
end
