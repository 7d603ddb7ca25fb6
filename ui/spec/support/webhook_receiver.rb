# frozen_string_literal: true

require "json"
require "socket"

# A web server on loopback that keeps what is posted to it, and answers what it is told to.
class WebhookReceiver
  Request = Struct.new(:line, :headers, :body) do
    def alert
      JSON.parse(body)
    end
  end

  attr_reader :requests
  # @return [Integer, nil] status to answer with; nil: never answer
  attr_accessor :answer

  def self.run
    receiver = new
    yield receiver
  ensure
    receiver&.close
  end

  def initialize
    @server = TCPServer.new("127.0.0.1", 0)
    @requests = []
    @answer = 204
    @open = []
    @thread = Thread.new { serve }
  end

  def url
    "http://127.0.0.1:#{@server.addr[1]}/alerts?team=web"
  end

  def alerts
    requests.map(&:alert)
  end

  def close
    @thread.kill
    [@server, *@open].each { |io| io.close unless io.closed? }
  end

  private

  def serve
    loop do
      client = @server.accept
      @open << client
      line = client.gets.to_s.chomp
      headers = {}
      while (header = client.gets.to_s.chomp) != ""
        name, value = header.split(": ", 2)
        headers[name.downcase] = value
      end
      @requests << Request.new(line, headers, client.read(headers["content-length"].to_i))
      next unless @answer

      client.write("HTTP/1.1 #{@answer} Told\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
      client.close
    end
  end
end
