# frozen_string_literal: true

require "etc"
require "fileutils"
require "open3"
require "securerandom"
require "tmpdir"

# A PostgreSQL of the system's packages, private to this process: own cluster in a temporary folder, reachable by a socket file there
# only. It refuses to run as root, so then it runs as the user the package made.
module PostgresqlServer
  BINARIES = Dir["/usr/lib/postgresql/*/bin"].max || ""

  module_function

  # @return [String] URL of an empty database
  def fresh_database
    start
    name = "spec_#{SecureRandom.hex(6)}"
    run("createdb", "-h", @directory, "-U", "spec", name)
    "postgresql:///#{name}?host=#{@directory}&user=spec"
  end

  def start
    return if @directory

    @directory = Dir.mktmpdir("heap-periscope-pg", UiApp::SCRATCH)
    FileUtils.chown(user, nil, @directory) if user
    run("initdb", "-D", data, "-U", "spec", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
    run("pg_ctl", "-D", data, "-w", "-l", "#{@directory}/log", "-o",
        "-c listen_addresses='' -c unix_socket_directories=#{@directory} -c fsync=off", "start")
    owner = Process.pid
    at_exit { stop if Process.pid == owner }
  end

  def stop
    run("pg_ctl", "-D", data, "-m", "immediate", "stop")
    FileUtils.rm_rf(@directory)
  end

  def data
    "#{@directory}/data"
  end

  def user
    Process.uid.zero? ? "postgres" : nil
  end

  def run(program, *arguments)
    command = [File.join(BINARIES, program), *arguments]
    command = ["setpriv", "--reuid=#{user}", "--regid=#{user}", "--clear-groups", *command] if user
    output, status = Open3.capture2e({ "RUBYLIB" => nil, "RUBYOPT" => nil }, *command, chdir: "/")
    raise "#{program} failed: #{output}" unless status.success?
  end
end
