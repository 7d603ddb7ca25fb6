# frozen_string_literal: true

require "socket"
require "heap_periscope_agent/cli/receiving/port_owner"
require_relative "../../../support/command_line"

RSpec.describe HeapPeriscopeAgent::CLI::PortOwner do
  include CommandLine

  it "names the process and its command, whatever that holds" do
    script = %(s = UDPSocket.new; s.bind("127.0.0.1", 0); puts s.local_address.ip_port; $stdout.flush; sleep)
    pipe = IO.popen([RbConfig.ruby, "-e", "# \e[31m", "-rsocket", "-e", script])
    port = pipe.gets.to_i
    expect(described_class.describe(port)).to match(/\Aprocess #{pipe.pid} \(\S*ruby\S* -e # \?\[31m -rsocket -e s = /)
  ensure
    stop(pipe.pid)
    pipe.close
  end

  it "finds IPv6 sockets too", if: Socket.ip_address_list.any?(&:ipv6_loopback?) do
    socket = UDPSocket.new(Socket::AF_INET6)
    socket.bind("::1", 0)
    expect(described_class.describe(socket.local_address.ip_port)).to start_with("process #{Process.pid} (")
  ensure
    socket&.close
  end

  it "does not know who has a port that is free" do
    socket = UDPSocket.new
    socket.bind("127.0.0.1", 0)
    port = socket.local_address.ip_port
    socket.close
    expect(described_class.describe(port)).to eq("another process")
  end
end
