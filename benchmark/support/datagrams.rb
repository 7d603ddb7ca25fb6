# frozen_string_literal: true

require "json"
require "socket"
require "time"
require_relative "../../ui/spec/support/sample_data"

module Bench
  # A paced stream of detailed snapshots of about 3 KB, sent from a process of its own.
  class Datagrams
    CLASSES = 14
    TICK_S = 0.002

    # @param port [Integer] on 127.0.0.1
    # @param rate [Integer] datagrams a second
    # @param processes [Integer] that seem to send them
    def initialize(port, rate:, processes: 100)
      @rate = rate
      @sequences = Array.new(processes, 0)
      @templates = SampleData.members(processes).map { |member| template(member) }
      @socket = UDPSocket.new
      @socket.connect("127.0.0.1", port)
      @sent = 0
    end

    # @return [Float] mean size
    def bytes
      @templates.sum(&:bytesize) / @templates.size.to_f
    end

    # @param seconds [Numeric]
    # @return [Hash] sent:, seconds:, refused: (nobody listened)
    def run(seconds)
      started = now
      refused = 0
      first = @sent
      total = (@rate * seconds).to_i
      while @sent - first < total
        due = [((now - started) * @rate).to_i, total].min
        time = Time.now.utc.iso8601(3)
        refused += burst(due - (@sent - first), time)
        sleep TICK_S
      end
      { sent: total, seconds: now - started, refused: refused }
    end

    private

    def burst(count, time)
      refused = 0
      count.times do
        index = @sent % @templates.size
        @sent += 1
        @socket.send(datagram(index, time), 0)
      rescue Errno::ECONNREFUSED
        refused += 1
      end
      refused
    end

    def datagram(index, time)
      @sequences[index] += 1
      format(@templates[index], time: time, sequence: @sequences[index])
    end

    # A snapshot with classes and spans, filled up with classes to the size wanted.
    def template(member)
      message = SampleData.snapshot(member, 1_210, 0)
      payload = message["payload"].except("allocation_sites", "retained_sites", "leak_suspects", "allocation_sampling", "gc_pauses", "heap_pools",
                                          "living_objects_by_class", "living_objects_by_spans")
      payload["living_objects_by_spans"] = { "controller" => [{ "name" => "A#b", "calls" => 60, "allocated_objects" => 9_000 }] }
      classes = message["payload"]["living_objects_by_class"]
      message = message.merge("payload" => payload, "reported_at" => "%<time>s", "sequence" => "SEQUENCE")
      payload["living_objects_by_class"] = classes.first(CLASSES).to_h
      JSON.generate(message).gsub(/%(?!<time>)/, "%%").sub('"SEQUENCE"', "%<sequence>d")
    end

    def now
      Process.clock_gettime(Process::CLOCK_MONOTONIC)
    end
  end
end
