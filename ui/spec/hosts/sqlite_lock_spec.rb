# frozen_string_literal: true

require_relative "../ui_helper"
require_relative "../support/host_app"
require "support/gem_folder"

# The dashboard stores in the SQLite file of an application that writes to it in every request, three at a time.
RSpec.describe "Sharing the application's SQLite file", timeout: 300 do
  # Requests wait for the lock of the file in C for as long as Rails lets them, as in any application.
  SCRIPT_OF_LOCKS = <<~RUBY
    Thread.report_on_exception = true
    ActiveRecord::Migration.suppress_messages do
      ActiveRecord::Base.connection.create_table(:orders) { |t| t.text :note }
      HeapPeriscopeUi::Store::Schema.create(ActiveRecord::Base.connection)
    end
    class Order < ActiveRecord::Base; end

    held = []
    holding = Module.new do
      def locked(connection, count)
        super(connection, count) do
          began = Process.clock_gettime(Process::CLOCK_THREAD_CPUTIME_ID)
          yield
          HELD << (Process.clock_gettime(Process::CLOCK_THREAD_CPUTIME_ID) - began) * 1000
        end
      end
    end
    HELD = held
    HeapPeriscopeUi::Store::ShortWrites.prepend(holding)

    config = HeapPeriscopeUi.configuration
    config.udp_port = 0
    config.collect_in = :thread
    runner = HeapPeriscopeUi::Collector.start
    runner.wait_until_collecting(20)

    # Requests of these Rails that write at the same time hold each other up, with or without us; here only we can.
    one_at_a_time = Mutex.new
    refused = Queue.new
    waits = Queue.new
    done = false
    clients = Array.new(3) do
      Thread.new do
        until done
          Array.new(3_000) { |i| i.to_s * 3 } # what a request computes
          sleep 0.005
          began = Process.clock_gettime(Process::CLOCK_MONOTONIC)
          begin
            one_at_a_time.synchronize do
              Order.connection_pool.with_connection { Order.transaction { Order.create!(note: "x" * 200); Order.limit(5).to_a } }
            end
          rescue ActiveRecord::ActiveRecordError => e
            refused << e.message
          end
          waits << Process.clock_gettime(Process::CLOCK_MONOTONIC) - began
        end
      end
    end
    socket = UDPSocket.new
    classes = Array.new(40) { |i| ["Shop::Thing\#{i}", { "count" => i, "bytes" => i * 40 }] }.to_h
    300.times do |i|
      message = report(pid: i % 20, sequence: i / 20 + 1, "payload" => { "gc_stats" => { "count" => i }, "living_objects_by_class" => classes })
      socket.send(JSON.generate(message), 0, "127.0.0.1", runner.sockets.port)
      sleep 0.02 if (i % 10).zero?
    end
    limit = Process.clock_gettime(Process::CLOCK_MONOTONIC) + 60
    sleep 0.1 until runner.describe[:stored] == 300 || Process.clock_gettime(Process::CLOCK_MONOTONIC) > limit
    done = true
    clients.each(&:join)
    times = Array.new(waits.size) { waits.pop }.sort
    HeapPeriscopeUi::Collector.stop
    answer(stored: HeapPeriscopeUi::Sample.count, refused: refused.size, requests: times.size, p95_ms: times[(times.size * 0.95).floor] * 1000, longest_ms: times.last * 1000,
           longest_hold_ms: held.max, transactions: held.size,
           sqlite: SQLite3::VERSION, rails: Rails::VERSION::STRING)
  RUBY

  shared_examples "a good neighbour" do |gemfile|
    it "refuses no request, and holds the lock for a moment" do
      HostApp.open(dashboard: "HeapPeriscopeUi.configuration.database = :host", defaults: "7.1", gemfile: gemfile&.call) do |app|
        result = app.call(SCRIPT_OF_LOCKS)
        puts result.inspect if ENV["SHOW"]
        expect(result).to include("stored" => 300)
        # A thread can lose the interpreter's lock in the middle all the same; before, it did in every transaction.
        expect(result["refused"]).to be <= result["requests"] / 50
        expect(result["longest_hold_ms"]).to be < 50
      end
    end
  end

  context "with the versions of this bundle" do
    it_behaves_like "a good neighbour", nil
  end

  context "with the oldest Rails that is supported, and sqlite3 1.7" do
    it_behaves_like "a good neighbour", -> { File.join(GemFolder.of("ui:oldest_rails"), "Gemfile") }
  end
end
