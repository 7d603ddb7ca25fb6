# frozen_string_literal: true

require "digest"
require "zlib"

module HeapPeriscopeUi
  # Serves the stylesheet and the scripts of the pages by itself, under addresses with a digest of their content, so that no
  # asset pipeline of the host is needed and browsers keep them for good. A Rack application.
  module Assets
    FOLDER = File.expand_path("../../assets", __dir__)
    TYPES = { ".css" => "text/css; charset=utf-8", ".js" => "text/javascript; charset=utf-8" }.freeze
    NAMES = %w[dashboard.css dashboard.js vendor/uPlot.css vendor/uPlot.js vendor/idiomorph.js].freeze
    FOREVER = "public, max-age=31536000, immutable"
    LOCK = Mutex.new

    # @!attribute body
    #   @return [String] as it is, and compressed
    Entry = Struct.new(:digest, :body, :gzip, :mtime)

    module_function

    # @param name [String] one of {NAMES}
    # @return [String] "<digest>/<name>", to be put below the address of this application
    # @raise [Error] when a script of others was not fetched
    def path(name)
      "#{entry(name).digest}/#{name}"
    end

    def call(env)
      digest, name = env["PATH_INFO"].delete_prefix("/").split("/", 2)
      return missing unless NAMES.include?(name)

      asset = entry(name)
      headers = { "content-type" => TYPES.fetch(File.extname(name)), "vary" => "Accept-Encoding", "x-content-type-options" => "nosniff",
                  "cache-control" => digest == asset.digest ? FOREVER : "no-cache" }
      return [200, headers, [asset.body]] unless gzip?(env)

      [200, headers.merge("content-encoding" => "gzip", "content-length" => asset.gzip.bytesize.to_s), [asset.gzip]]
    end

    # Whether the client takes it, by the weights it gives: `gzip;q=0` refuses it.
    def gzip?(env)
      Rack::Utils.select_best_encoding(%w[gzip identity], Rack::Request.new(env).accept_encoding) == "gzip"
    end

    def entry(name)
      file = File.join(FOLDER, name)
      raise Error, "#{name} is missing in this checkout; run `rake ui:vendor`" unless File.file?(file)

      LOCK.synchronize do
        @entries ||= {}
        mtime = File.mtime(file)
        @entries[name] = read(file, mtime) unless @entries[name]&.mtime == mtime
        @entries[name]
      end
    end

    def read(file, mtime)
      body = File.binread(file)
      Entry.new(Digest::SHA256.hexdigest(body)[0, 16], body, Zlib.gzip(body, level: 9), mtime)
    end

    def missing
      [404, { "content-type" => "text/plain" }, ["There is no such file.\n"]]
    end
  end
end
