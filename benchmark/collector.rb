# frozen_string_literal: true

# How many datagrams the dashboard's collector stores, alone and inside a busy Puma worker, and the original's listener beside it.
#   bin/exec ruby benchmark/collector.rb [seconds]
require_relative "support/bench"
require "English"
require "net/http"
require "open3"
require "sqlite3"
require "tempfile"
require "tmpdir"
require_relative "support/datagrams"
require_relative "support/served"

if Bench.worker?
  port, rate, processes = ARGV.drop(2).map { |argument| Integer(argument) }
  stream = Bench::Datagrams.new(port, rate: rate, processes: processes)
  Bench::Worker.serve { |seconds| stream.run(Float(seconds)).merge(bytes: stream.bytes) }
  exit
end

seconds = Float(ARGV.first || 60)
WARM_UP_S = 16

# @return [Hash] what the database holds
def stored(file)
  database = SQLite3::Database.new(file, readonly: true)
  rows = database.get_first_value("SELECT COUNT(*) FROM heap_periscope_ui_samples")
  received, lost = database.get_first_row("SELECT SUM(received), SUM(lost) FROM heap_periscope_ui_processes WHERE kind = 0")
  { rows: rows, received: received, lost: lost, bytes: File.size(file) }
ensure
  database&.close
end

def stream(port, rate, processes: 100)
  Bench::Worker.new(__FILE__, "sender", port, rate, processes)
end

def clock
  Process.clock_gettime(Process::CLOCK_MONOTONIC)
end

Dir.mktmpdir("heap-periscope-bench") do |directory|
  rate = 3_000
  file = File.join(directory, "alone.sqlite3")
  Bench.heading("Standalone collector, SQLite on disk, #{rate} datagrams a second for #{seconds.to_i} s")
  Bench::Served.standalone(file) do |server|
    sender = stream(server.udp_port, rate)
    cpu = server.cpu_seconds
    began = clock
    sent = sender.ask(seconds)
    settled = server.wait_until(120) { |status| status["queue"].zero? && status["stored"].to_i >= sent[:sent] }
    drained = clock - began - sent[:seconds]
    status = server.collector
    cpu = server.cpu_seconds - cpu
    sender.close
    server.stop
    kept = stored(file)
    Bench.table([["", "datagrams"], ["sent", sent[:sent]], ["received", status["received"]], ["stored, by its own count", status["stored"]],
                 ["rows in the database", kept[:rows]], ["counted for processes", kept[:received]], ["lost, by sequence", kept[:lost]],
                 ["refused", status["refused_total"]], ["dropped by the kernel", status["kernel_dropped"]],
                 ["dropped from the queue", status["queue_dropped"]], ["longest queue", status["queue_highest"]]])
    puts format("%<size>.0f bytes each, sent in %<sent>.1f s, all stored %<late>.1f s later; %<cpu>.0f µs of processor and %<row>.0f bytes a datagram; " \
                "receive buffer %<buffer>d KB", size: sent[:bytes], sent: sent[:seconds], late: drained, cpu: cpu / sent[:sent] * 1e6,
                                                row: kept[:bytes] / kept[:rows].to_f, buffer: status["receive_buffer_granted"] / 1024)
    whole = settled && [kept[:rows], kept[:received], status["stored"]].all?(sent[:sent]) && kept[:lost].zero?
    Bench.bar("#{rate} a second, 0 lost, every one stored and counted", whole)
  end

  rate = 300
  rounds = 12
  %w[thread auto].each do |collect_in|
    Bench.heading("Inside a Puma worker of a busy application, #{rate} datagrams a second, collect_in :#{collect_in}")
    times = Hash.new { |all, name| all[name] = [] }
    Bench::Served.rails(File.join(directory, "#{collect_in}.sqlite3"), collect_in: collect_in) do |server|
      sender = stream(server.udp_port, rate)
      warm_up = Thread.new { sender.ask(WARM_UP_S) } # :auto looks at the rate for ten seconds
      server.requests(WARM_UP_S + 2)
      warm_up.join
      rounds.times do |round|
        %w[without again with].rotate(round).each do |name|
          thread = Thread.new { sender.ask(5) } if name == "with"
          sleep 0.2
          times[name].concat(server.requests(4.5))
          thread&.join
          sleep 1 # what has arrived is stored
        end
      end
      sent = ((rounds * 5) + WARM_UP_S) * rate
      all_stored = server.wait_until(60) { server.stored >= sent } && server.stored == sent
      sender.close
      p50, p95 = [0.5, 0.95].map { |part| times.transform_values { |list| Bench.quantile(list, part) } }
      rows = { "without" => "without datagrams", "again" => "without, again (A/A)", "with" => "with" }.map do |name, text|
        [text, times[name].size, Bench.ms(p50[name]), Bench.ms(p95[name]), Bench.ratio(p50[name], p50["without"]), Bench.ratio(p95[name], p95["without"])]
      end
      Bench.table([["response time", "requests", "p50", "p95", "p50 to without", "p95 to without"], *rows])
      Bench.bar("#{rate} a second, all stored", all_stored)
      to_both = p95["with"] / p95.values_at("without", "again").sum * 2
      # The bar is that of the default; :thread is for who wants no second process.
      next puts("p95 to both rows without: #{Bench.times(to_both)}") if collect_in == "thread"

      Bench.bar("the application's p95 at most ×1.05 of both rows without: #{Bench.times(to_both)}", to_both <= 1.05)
    end
  end

  Bench.heading("Processor time a datagram, beside the original's listener, which stores nothing")
  rate = 500
  times = { "ours" => [], "original" => [] }
  Bench::Served.standalone(File.join(directory, "beside.sqlite3")) do |ours|
    Bench::Served.original do |original|
      senders = { ours => stream(ours.udp_port, rate), original => stream(original.udp_port, rate) }
      3.times do
        { "ours" => ours, "original" => original }.each do |name, server|
          cpu = server.cpu_seconds
          sent = senders[server].ask(10)[:sent]
          sleep 2
          times[name] << ((server.cpu_seconds - cpu) / sent)
        end
      end
      senders.each_value(&:close)
    end
  end
  ours, original = times.values.map { |list| Bench.median(list) }
  Bench.table([["#{rate} a second", "µs a datagram", "against the original"], ["original", (original * 1e6).round, "×1.000"],
               ["ours, stored", (ours * 1e6).round, Bench.ratio(ours, original)]])
  Bench.bar("faster than the original's listener", ours < original)
end
Bench.finish
