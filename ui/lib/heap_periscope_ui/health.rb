# frozen_string_literal: true

module HeapPeriscopeUi
  # For load balancers and monitors, which have no credentials: whether this dashboard can do its work, in two words and nothing else. A Rack
  # application, so that no controller of the host asks for a login.
  #
  #   health         200 when the store answers and somebody collects, else 503
  #   health/pages   200 when the store answers: this process can serve pages
  module Health
    # A collector writes its row every second, and a little later while it is busy.
    ALIVE_MS = 30_000
    # Nobody can make the database busy by asking often.
    CACHED_S = 1.0
    LOCK = Mutex.new

    module_function

    def call(env)
      return [405, { "allow" => "GET, HEAD", "content-type" => "text/plain" }, ["Only GET.\n"]] unless %w[GET HEAD].include?(env["REQUEST_METHOD"])

      report = current
      fine = case env["PATH_INFO"].to_s.delete_suffix("/")
             when "" then report[:store] == "ok" && report[:collector] == "alive"
             when "/pages" then report[:store] == "ok"
             else return [404, { "content-type" => "text/plain" }, ["There is no such address.\n"]]
             end
      headers = { "content-type" => "application/json", "cache-control" => "no-store", "x-content-type-options" => "nosniff" }
      [fine ? 200 : 503, headers, [JSON.generate(status: fine ? "ok" : "trouble", **report)]]
    end

    # @return [Hash] {store: "ok"|"unreachable", collector: "alive"|"none"|"unknown"}
    def current
      LOCK.synchronize do
        @report = nil if @at && Timestamps.clock - @at > CACHED_S
        @report ||= look.tap { @at = Timestamps.clock }
      end
    end

    # Forgets what it knows.
    def reset
      LOCK.synchronize { @report = nil }
    end

    def look
      Store::Connection.ready!
      alive = CollectorRecord.where(state: "collecting").exists?(["seen_at > ?", Timestamps.now - ALIVE_MS])
      { store: "ok", collector: alive ? "alive" : "none" }
    rescue StandardError => e
      complaints.log(e)
      { store: "unreachable", collector: "unknown" }
    end

    def complaints
      @complaints ||= Complaints.new("read the store for a health check")
    end
  end
end
