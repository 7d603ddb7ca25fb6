# frozen_string_literal: true

module HeapPeriscopeUi
  class Store
    # The sections of a snapshot that carry names, packed.
    class PayloadPacker
      TYPES = Metrics::SPAN_TYPES.each_with_index.to_h.freeze
      SITE_SECTIONS = %w[allocation_sites retained_sites].freeze

      def initialize(store, now_ms)
        @store = store
        @now_ms = now_ms
      end

      # @return [Array<String>] every text that will need an id
      def texts(messages)
        messages.each_with_object([]) do |message, texts|
          payload = message["payload"]
          (classes = payload["living_objects_by_class"]) && texts.concat(classes.keys)
          payload["living_objects_by_spans"]&.each_value { |entries| entries.each { |entry| span_texts(entry, texts) } }
          SITE_SECTIONS.each { |section| texts.concat(Sites.texts(payload[section])) if payload[section] }
          payload["leak_suspects"]&.each { |entry| texts << entry["class_name"] }
        end
      end

      def classes(payload)
        list = payload["living_objects_by_class"] or return
        names = @store.names
        flat = []
        list.each do |name, entry|
          bytes = entry["bytes"]
          flat << ((names.id(name) << 1) | (entry["is_platform_class"] ? 1 : 0)) << entry["count"] << (bytes ? bytes + 1 : 0)
        end
        Packing.ber(flat)
      end

      def spans(payload)
        spans = payload["living_objects_by_spans"]
        return if spans.nil? || spans.empty?

        entries = spans.flat_map { |type, list| TYPES.key?(type) ? list.map { |entry| span(TYPES[type], entry) } : [] }
        entries.empty? ? nil : Packing.dump_spans(entries)
      end

      # @yieldparam row [Array] of the table of span censuses, for every census not seen before
      def censuses(payload, state, at)
        payload["living_objects_by_spans"]&.each do |type, list|
          next unless TYPES.key?(type)

          list.each do |entry|
            next unless fresh_census?(entry, type, state, at)

            yield [state.id, TYPES[type], @store.names.id(entry["name"]), at, objects(entry["live_objects"]),
                   objects(entry["survivors"])]
          end
        end
      end

      def allocation_sites(payload)
        entries = payload["allocation_sites"]
        return if entries.nil? || entries.empty?

        Packing.dump(entries.flat_map do |entry|
          [@store.sites.id(entry, @now_ms), entry["objects"].to_i, entry["standard_error"].to_i, ppm(entry["share"])]
        end)
      end

      def retained_sites(payload)
        entries = payload["retained_sites"]
        return if entries.nil? || entries.empty?

        Packing::RetainedSites.dump(entries.map do |entry|
          ages = entry["ages"] || {}
          { id: @store.sites.id(entry, @now_ms), objects: entry["objects"].to_i, bytes: entry["bytes"].to_i,
            standard_error: entry["standard_error"].to_i, share_ppm: ppm(entry["share"]),
            ages: { young: ages["young"].to_i, middle: ages["middle"].to_i, old: ages["old"].to_i },
            lifetimes: (entry["lifetimes"] || []).map do |bucket|
              { le_s: bucket["le_s"]&.to_i, objects: bucket["objects"].to_i }
            end }
        end)
      end

      private

      def span_texts(entry, texts)
        texts << entry["name"]
        %w[live_objects survivors].each { |key| entry[key]&.each { |object| texts << object["name"] } }
      end

      def span(type, entry)
        survivors = entry["survivors"]
        [
          @store.names.id(entry["name"]), type, entry["calls"] || 1, entry["errors"] || 0, (entry["wall_ms"].to_f * 1000).round,
          entry["allocated_objects"] || 0, entry["allocated_by"] == "process", (entry["gc_time_ms"].to_f * 1000).round,
          survivors&.sum { |object| object["count"] }, survivors&.sum { |object| object["bytes"] || 0 }
        ]
      end

      # The agent repeats a census until it has a newer one, and estimates survivors in every snapshot, of which one a minute is enough;
      # 0.3.0 sends a census a call, of which one a second is.
      def fresh_census?(entry, type, state, at)
        return false unless entry["live_objects"] || entry["survivors"]

        stamp = [entry["measured_at"] || (entry["live_objects"] && (at / 1_000)), entry["survivors"] && (at / 60_000)]
        @store.censuses.fresh?([state.id, TYPES[type], @store.names.id(entry["name"])], stamp)
      end

      def objects(list)
        list && Packing.dump_classes(list.map do |object|
          [@store.names.id(object["name"]), object["type"] == "native", object["count"], object["bytes"]]
        end)
      end

      def ppm(share)
        share && (share * 1_000_000).round
      end
    end
  end
end
