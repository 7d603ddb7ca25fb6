# frozen_string_literal: true

module HeapPeriscopeUi
  module Alerts
    # What the processes that report give cause for.
    module Causes
      # Share of its limit from which a process is near it.
      NEAR = 0.9

      module_function

      # @return [Array<Hash>] of {Alerts.build}
      def call(config, now_ms)
        suspects(now_ms) + memory(config, now_ms)
      end

      # One for each class of a service, however many of its processes have it.
      def suspects(now_ms)
        SuspectsQuery.new(confidence: "high", now: now_ms).call[:suspects].map do |suspect|
          service, name = suspect.values_at(:service_name, :class_name)
          Alerts.build("leak_suspect", "#{service}/#{name}", sentence(suspect), now_ms,
                       service_name: service, host: nil, process_id: nil,
                       details: suspect.slice(:class_name, :confidence, :objects_per_hour, :objects_per_hour_error, :bytes_per_hour, :count, :bytes, :sites, :spans)
                                       .merge(since: Timestamps.iso(suspect[:since]), processes: suspect[:processes].first(20)))
        end
      end

      def sentence(suspect)
        rate = suspect[:objects_per_hour] ? " by #{suspect[:objects_per_hour].round} objects an hour" : ""
        place = suspect[:sites].first&.then { |site| "; most survivors come from #{Alerts.short([site[:path], site[:line]].compact.join(":"))}" if site[:path] }
        "#{Alerts.short(suspect[:class_name])} grows#{rate} in #{suspect[:processes].size} of #{suspect[:processes_of_service]} processes of " \
          "#{Alerts.short(suspect[:service_name])}#{place}"
      end

      def memory(config, now_ms)
        return [] unless config.memory_limit

        ObservedProcess.kept.where("last_seen_at > ?", now_ms - ObservedProcess::GONE_AFTER_MS).filter_map do |process|
          limit = limit_of(config.memory_limit, process.service_name)
          rss = process.metrics["rss_bytes"] if limit
          near(process, rss, limit, now_ms) if rss && rss >= limit * NEAR && process.state(now_ms) == "alive"
        end
      end

      def limit_of(limit, service)
        limit.is_a?(Hash) ? limit[service] || limit[:default] : limit
      end

      def near(process, rss, limit, now_ms)
        share = (rss * 100.0 / limit).round
        sizes = [rss, limit].map { |bytes| Figures.split(bytes, "bytes").join(" ") }
        Alerts.build("memory", process.instance, "#{Alerts.short(process.service_name)} #{process.process_id} on #{Alerts.short(process.host)} " \
                                                 "holds #{sizes[0]}, #{share} % of its limit of #{sizes[1]}", now_ms,
                     service_name: process.service_name, host: process.host, process_id: process.process_id,
                     details: { rss_bytes: rss, limit_bytes: limit, share: (rss / limit.to_f).round(4) })
      end
    end
  end
end
