# frozen_string_literal: true

require_relative "../text"

module HeapPeriscopeAgent
  module CLI
    # Finds out which process holds a UDP port: on Linux from /proc, elsewhere from lsof where it is installed.
    module PortOwner
      TABLES = %w[/proc/net/udp /proc/net/udp6].freeze
      private_constant :TABLES

      class << self
        # @param port [Integer]
        # @return [String] "process 4711 (ruby bin/rails server)", or as much as may be known
        def describe(port)
          return from_lsof(port) || "another process" unless File.readable?(TABLES.first)

          from_proc(port)
        end

        private

        def from_proc(port)
          sockets = TABLES.select { |path| File.readable?(path) }.flat_map { |path| sockets_in(path, port) }
          owner = process_with(sockets.map { |socket| "socket:[#{socket[:inode]}]" })
          return "process #{owner} (#{command(owner)})" if owner
          return "another process" if sockets.empty?

          "a process of the user with id #{sockets.first[:user]}, which this user may not look at"
        end

        # Columns: number, local address (hex ip:port), …, user id in the 8th and inode in the 10th.
        def sockets_in(path, port)
          File.readlines(path).drop(1).map(&:split).filter_map do |fields|
            { user: fields[7], inode: fields[9] } if fields[1].to_s[/:(\h+)\z/, 1].to_s.to_i(16) == port
          end
        end

        def process_with(links)
          Dir.glob("/proc/[0-9]*/fd/*").each do |path|
            return path[/\d+/].to_i if links.include?(File.readlink(path))
          rescue SystemCallError
            next # gone, or not ours to see
          end
          nil
        end

        def command(pid)
          words = File.binread("/proc/#{pid}/cmdline").tr("\0", " ").strip
          Text.clean(words.empty? ? File.read("/proc/#{pid}/comm").strip : words, limit: 80)
        rescue SystemCallError
          "gone by now"
        end

        def from_lsof(port)
          fields = IO.popen(["lsof", "-nP", "-Fpc", "-iUDP:#{port}"], err: File::NULL, &:read).lines(chomp: true)
          pid, name = %w[p c].map { |mark| fields.find { |field| field.start_with?(mark) }&.slice(1..) }
          pid && "process #{pid} (#{Text.clean(name.to_s)})"
        rescue SystemCallError
          nil
        end
      end
    end
  end
end
