# frozen_string_literal: true

require "tmpdir"
require "rails"
require "heap_periscope_ui"
require_relative "../ui_app"
require_relative "generator"

module Fuzz
  # Feeds a collector's writer from a generator in a process of its own, and tells how it went.
  class Run
    HANDFUL = 250
    # Datagrams after which memory is what it will be: caches have filled.
    WARM = 20_000
    WAITING = 2_000
    PAGES = %w[/ /leaks /spans /allocation_sites /retained_sites /status /compare /api/v1/processes /api/v1/status /api/v1/leak_suspects].freeze

    # @param number [Integer] datagrams
    # @param seed [Integer]
    # @param database_limit [Integer] bytes
    def initialize(number, seed:, database_limit: 256 << 20)
      @number = number
      @seed = seed
      @database_limit = database_limit
    end

    # @return [Hash] {sent:, stored:, refused:, failed:, divided:, faults:, witnessed:, witness_stored:, seconds:, rss_mb: [warm, most, last],
    #   database_mb:, pages: {path => status}, log: [String]}
    def call
      Dir.mktmpdir("heap-periscope-fuzz", UiApp::SCRATCH) do |directory|
        @log = StringIO.new
        HeapPeriscopeUi.logger = Logger.new(@log)
        @file = File.join(directory, "fuzz.sqlite3")
        # Forked before there is a database.
        pipe = generator
        UiApp.use(@file)
        HeapPeriscopeUi.configuration.database_limit_bytes = @database_limit if HeapPeriscopeUi.configuration.respond_to?(:database_limit_bytes=)
        measure(pipe)
      end
    end

    private

    def generator
      reader, writer = IO.pipe(binmode: true)
      @child = fork do
        reader.close
        generator = Generator.new(@seed)
        @number.times { generator.datagram.b.then { |bytes| writer.write([bytes.bytesize].pack("N"), bytes) } }
        writer.close
        exit!(0)
      end
      writer.close
      reader
    end

    def measure(pipe)
      began = HeapPeriscopeUi::Timestamps.clock
      collector = HeapPeriscopeUi::Collector
      inbox = collector::Inbox.new(WAITING * 2)
      writer = collector::Writer.new(inbox, store: HeapPeriscopeUi.store, config: HeapPeriscopeUi.configuration, beat: ->(_) {},
                                            housekeeper: HeapPeriscopeUi::Store::Housekeeper.new(HeapPeriscopeUi.store))
      thread = Thread.new { writer.run }
      thread.report_on_exception = false
      feed(pipe, inbox, thread)
      writer.stop
      fault = ended(thread)
      Process.wait(@child)
      result(writer, fault, HeapPeriscopeUi::Timestamps.clock - began)
    end

    def feed(pipe, inbox, thread)
      sent = 0
      @rss = []
      while thread.alive? && (batch = handful(pipe)).any?
        sleep 0.002 while inbox.size > WAITING && thread.alive?
        inbox.push(batch, HeapPeriscopeUi::Timestamps.now)
        sent += batch.size
        @rss << rss if sent >= WARM && (sent % 5_000) < HANDFUL
      end
      @rss << rss
      Process.kill(:KILL, @child) unless thread.alive?
    end

    def handful(pipe)
      batch = []
      while batch.size < HANDFUL && (size = pipe.read(4))
        batch << pipe.read(size.unpack1("N"))
      end
      batch
    end

    # @return [Exception, nil] what ended the writer
    def ended(thread)
      thread.join
      nil
    rescue Exception => e # rubocop:disable Lint/RescueException
      e
    end

    def result(writer, fault, seconds)
      counters = writer.counters
      witness = HeapPeriscopeUi::ObservedProcess.find_by(instance: Generator::INSTANCE)
      { sent: @number, stored: counters.stored, refused: counters.refused.values.sum, reasons: counters.refused, failed: counters.failed,
        divided: counters.divided, witnessed: @number / Generator::WITNESS_EVERY, witness_stored: witness&.received, witness_lost: witness&.lost,
        crash: fault && "#{fault.class}: #{fault.message[0, 300]} #{fault.backtrace&.first}", seconds: seconds, rss_mb: [@rss.first, @rss.max, @rss.last],
        database_mb: File.size(@file) >> 20, pages: pages, complaints: @log.string.lines.grep(/could not/).map { |line| line[0, 400] } }
    end

    def pages
      ids = HeapPeriscopeUi::ObservedProcess.order(received: :desc).limit(5).ids
      (PAGES + ids.flat_map { |id| ["/processes/#{id}", "/api/v1/processes/#{id}", "/api/v1/events?process=#{id}"] }).to_h { |path| [path, status(path)] }
    end

    def status(path)
      UiApp.get(path).status
    rescue StandardError => e
      "#{e.class}: #{e.message[0, 200]}"
    end

    # @return [Integer] MB
    def rss
      File.read("/proc/self/status")[/VmRSS:\s+(\d+)/, 1].to_i >> 10
    end
  end
end
