# frozen_string_literal: true

require "etc"
require "json"
require "net/http"
require "socket"
require "tempfile"

module Bench
  # A program that collects, in a process of its own: the standalone dashboard, a Rails application with it, or the original's listener.
  class Served
    UI = File.expand_path("../../ui", __dir__)

    attr_reader :udp_port

    class << self
      def standalone(database, &block)
        web = free_port
        udp = free_port
        command = [RbConfig.ruby, "#{UI}/exe/heap_periscope_ui", "--port", web.to_s, "--udp-port", udp.to_s, "--database", database]
        run(command, {}, web, udp, &block)
      end

      # One Puma worker that serves pages and collects.
      # @param collect_in [String] "auto", "thread" or "process"
      def rails(database, collect_in:, &block)
        web = free_port
        udp = free_port
        command = ["puma", "-q", "-w", "1", "-t", "3:3", "--preload", "-b", "tcp://127.0.0.1:#{web}", "#{__dir__}/busy_host.ru"]
        env = { "HEAP_PERISCOPE_UI_DATABASE" => database, "HEAP_PERISCOPE_UI_UDP_PORT" => udp.to_s, "RAILS_ENV" => "production",
                "BUSY_HOST_COLLECT_IN" => collect_in }
        run(command, env, web, udp, &block)
      end

      def original(&block)
        udp = free_port
        run([RbConfig.ruby, "#{__dir__}/original_listener.rb", udp.to_s], {}, nil, udp, &block)
      end

      def run(command, env, web, udp)
        server = new(command, env, web, udp)
        server.wait
        yield server
      ensure
        server&.stop
      end

      def free_port
        server = TCPServer.new("127.0.0.1", 0)
        server.addr[1].tap { server.close }
      end
    end

    def initialize(command, env, web, udp)
      @web = web
      @udp_port = udp
      @log = Tempfile.new("served")
      @pid = Process.spawn(env, *command, out: @log.path, err: %i[child out])
    end

    # Until it collects.
    def wait
      return sleep(3) unless @web

      wait_until(60) { |collector| collector["state"] == "collecting" } or abort("it does not collect:\n#{File.read(@log.path)}")
    end

    # @return [Boolean] whether the block came true within the time
    def wait_until(seconds)
      limit = clock + seconds
      until clock > limit
        found = collector
        return true if found && yield(found)

        sleep 0.5
      end
      false
    end

    # @return [Hash, nil] what the collector says of itself
    def collector
      status&.fetch("collectors")&.find { |row| row["state"] == "collecting" && row["alive"] }
    end

    # @return [Integer] datagrams, by all collectors so far
    def stored
      status.to_h.fetch("stored", 0)
    end

    # @return [Array<Float>] seconds of each request, three at a time, for so long
    def requests(seconds)
      limit = clock + seconds
      Array.new(3) { Thread.new { visit(limit) } }.flat_map(&:value)
    end

    # @return [Float] processor time of the process and its children that are alive
    def cpu_seconds
      [@pid, *children].sum do |pid|
        fields = File.read("/proc/#{pid}/stat").rpartition(")").last.split
        (fields[11].to_i + fields[12].to_i) / Etc.sysconf(Etc::SC_CLK_TCK).to_f
      end
    end

    def stop
      return if @stopped

      @stopped = true
      Process.kill(:TERM, @pid)
      Process.wait(@pid)
    rescue Errno::ESRCH, Errno::ECHILD
      nil
    end

    private

    def status
      JSON.parse(Net::HTTP.get(URI("http://127.0.0.1:#{@web}/heap_periscope/api/v1/status")))
    rescue SystemCallError, JSON::ParserError
      nil
    end

    def visit(limit)
      times = []
      Net::HTTP.start("127.0.0.1", @web) do |http|
        while (began = clock) < limit
          http.get("/work")
          times << (clock - began)
        end
      end
      times
    end

    def clock
      Process.clock_gettime(Process::CLOCK_MONOTONIC)
    end

    def children
      File.read("/proc/#{@pid}/task/#{@pid}/children").split.map(&:to_i)
    end
  end
end
