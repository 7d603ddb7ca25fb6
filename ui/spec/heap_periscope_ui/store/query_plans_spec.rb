# frozen_string_literal: true

require_relative "../../ui_helper"
require_relative "../../support/sample_history"
require "sqlite3"

# Every statement that pages, API, alerts, collecting and housekeeping send: how SQLite would go about it. Without statistics its
# plans do not depend on the data, so a small history tells what a large one would cost.
RSpec.describe "The plans of queries", :store do
  # They stay small however long the dashboard runs.
  let(:small) { %w[meta layouts] }
  # What is about each row of a table, or about its first.
  let(:whole) do
    [/\ASELECT "heap_periscope_ui_processes"\."id", "heap_periscope_ui_processes"\."first_seen_at" FROM/, # retention looks after every process
     /\ASELECT COUNT\(\*\) FROM "heap_periscope_ui_(names|sites)"\z/, # once, when the collector begins
     /\ASELECT (?!.* WHERE ).* LIMIT \?\z/]
  end
  # All processes that were not deleted have no time of deletion.
  let(:all_kept) { /_by_(deletion|life) \(deleted_at=\?\)/ }

  # @return [Array<String>]
  def statements(&)
    list = []
    seen = ->(*, payload) { list << payload[:sql] if payload[:sql].match?(/\A\s*(SELECT|UPDATE|DELETE)/i) && payload[:sql].include?("heap_periscope_ui_") }
    ActiveSupport::Notifications.subscribed(seen, "sql.active_record", &)
    list.uniq { |sql| sql.gsub(/\d+/, "?").gsub(/(\?, )+/, "") }
  end

  def subjects
    { "processes" => HeapPeriscopeUi::ObservedProcess.first.id, "services" => HeapPeriscopeUi::ObservedService.first.id }
  end

  def pages
    now = HeapPeriscopeUi::Timestamps.now
    ask = subjects.flat_map do |kind, id|
      own = "#{kind}/#{id}"
      [own, "#{own}/charts/metrics?metric=rss_bytes", "#{own}/charts/classes", "api/v1/#{own}", "api/v1/#{own}/series?metric=rss_bytes",
       "api/v1/#{own}/class_history?name=String", "api/v1/#{own}/compare?from=#{now - 300_000}", "api/v1/#{own}/classes", "api/v1/#{own}/pauses"]
    end
    process = "process=#{subjects["processes"]}"
    ask += %w[spans retained_sites allocation_sites compare].map { |page| "#{page}?#{process}" }
    ask += %w[spans allocation_sites retained_sites].map { |page| "api/v1/#{page}?#{process}" }
    ask += ["", "?all=true", "?q=shop", "api/v1/span?#{process}&type=controller&name=CartsController%23add", "spans", "leaks", "status", "status/chart", "health", "api/v1/status", "api/v1/live?after=0",
            "api/v1/events?#{process}", "api/v1/processes", "api/v1/leak_suspects"]
    ask.to_h { |path| [path, UiApp.get("/#{path}").status] }
  end

  def look_for_alerts
    HeapPeriscopeUi.configuration.memory_limit = 1_048_576
    HeapPeriscopeUi::Alerts::Causes.call(HeapPeriscopeUi.configuration, HeapPeriscopeUi::Timestamps.now)
    HeapPeriscopeUi::Alerts::CollectorCauses.new({}, since_ms: 0, now_ms: HeapPeriscopeUi::Timestamps.now).call
  end

  # @return [Array<String>] tables read from their first row to their last, with the statement
  def scans(list)
    SQLite3::Database.new(HeapPeriscopeUi.configuration.database) do |database|
      return list.flat_map do |sql|
        plan = database.execute("EXPLAIN QUERY PLAN #{sql}").map(&:last)
        plan.grep(Regexp.union(/\ASCAN heap_periscope_ui_(?!#{small.join("|")})/, all_kept)).map { |line| "#{line}: #{sql.squish}" }
      end
    end
  end

  it "read no table from its first row to its last" do
    answers = nil
    list = statements do
      SampleHistory.new.write(12)
      answers = pages
      look_for_alerts
    end
    expect(answers.reject { |path, status| status == (path == "health" ? 503 : 200) }).to eq({}) # nobody collects
    expect(list.size).to be > 100
    expect(scans(list.reject { |sql| whole.any? { |pattern| pattern.match?(sql) } }).join("\n")).to eq("")
  end
end
