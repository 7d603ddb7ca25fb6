# frozen_string_literal: true

require "fileutils"
require "json"
require "open3"
require "rbconfig"
require "tmpdir"

# A Rails application as people have it, in a folder of its own; scripts run in it in a process of their own.
class HostApp
  REPOSITORY = File.expand_path("../../..", __dir__)
  BOOT = <<~RUBY.freeze
    # frozen_string_literal: true

    require "bundler/setup"
    require "logger"
    require "rails"
    %w[active_record/railtie action_controller/railtie action_view/railtie].each { |railtie| require railtie }
    $LOAD_PATH.unshift("#{REPOSITORY}/ui/lib")
    require "heap_periscope_ui"

    class Host < Rails::Application
      config.root = __dir__
      config.load_defaults "DEFAULTS"
      config.eager_load = true
      config.secret_key_base = "only for specs " * 4
      config.logger = ActiveSupport::Logger.new($stderr, level: :warn)
      config.log_level = :warn
      config.hosts.clear
      CONFIG
    end
    HeapPeriscopeUi.configuration.collect = false
    DASHBOARD
    Host.initialize!
  RUBY
  ROUTES = <<~RUBY
    Rails.application.routes.draw do
      mount HeapPeriscopeUi::Engine => "MOUNTED"
      ROUTES
    end
  RUBY
  # What scripts begin with: requests as a browser sends them, with a jar of cookies.
  PRELUDE = <<~RUBY
    require "./boot"
    require "json"
    require "action_dispatch/testing/integration"
    SESSION = ActionDispatch::Integration::Session.new(Rails.application)
    SESSION.host! "example.org"
    MOUNT = "MOUNTED"
    OWN = { "Sec-Fetch-Site" => "same-origin", "Origin" => "http://example.org" }
    FOREIGN = { "Sec-Fetch-Site" => "cross-site", "Origin" => "http://evil.example" }
    def get(path, **options) = SESSION.get("\#{MOUNT}\#{path}", **options)
    def post(path, **options) = SESSION.post("\#{MOUNT}\#{path}", **options)
    def answer(value) = puts("ANSWER " + JSON.generate(value))
    def report(pid: 1, sequence: 1, **more)
      { "type" => "snapshot", "process_id" => pid, "service_name" => "shop", "reported_at" => Time.now.utc.iso8601(3), "host" => "h",
        "instance" => "i\#{pid}", "sequence" => sequence, "payload" => { "gc_stats" => { "count" => 1 } } }.merge(more)
    end
  RUBY

  # @return [Array<String>] versions that load_defaults takes, from the oldest that the dashboard supports
  def self.defaults
    newest = Gem::Version.new(Rails::VERSION::STRING)
    %w[7.1 7.2 8.0 8.1].select { |version| Gem::Version.new(version) <= newest }
  end

  attr_reader :root

  # @param config, dashboard [String] Ruby: of the application's class; of the dashboard's configuration
  # @param files [Hash{String=>String}] path => content
  def self.open(**options)
    Dir.mktmpdir("heap-periscope-host", UiApp::SCRATCH) { |root| yield new(root, **options) }
  end

  def initialize(root, defaults: self.class.defaults.last, config: "", dashboard: "", routes: "", mount: "/heap_periscope", files: {}, gemfile: nil)
    @root = root
    @mount = mount
    @gemfile = gemfile
    write("boot.rb", fill(BOOT, "DEFAULTS" => defaults, "CONFIG" => config, "DASHBOARD" => dashboard))
    write("config/routes.rb", fill(ROUTES, "MOUNTED" => mount, "ROUTES" => routes))
    write("config/database.yml", "#{ENV.fetch("RAILS_ENV", "test")}: { adapter: sqlite3, database: storage/host.sqlite3 }\n")
    FileUtils.mkdir_p(File.join(root, "storage"))
    files.each { |path, content| write(path, content) }
  end

  def write(path, content)
    file = File.join(root, path)
    FileUtils.mkdir_p(File.dirname(file))
    File.write(file, content)
  end

  # @return [Object] what the script gave to `answer`
  def call(script, env = {})
    output, status = run(script, env)
    line = output.lines.reverse.find { |one| one.start_with?("ANSWER ") }
    raise "the application ended with #{status.exitstatus}:\n#{output.lines.first(40).join}" unless line

    JSON.parse(line.delete_prefix("ANSWER "))
  end

  def fill(text, values)
    text.gsub(Regexp.union(values.keys), values)
  end

  # @return [Array(String, Process::Status)]
  def run(script, env = {})
    write("script.rb", fill(PRELUDE, "MOUNTED" => @mount) + script)
    environment = { "BUNDLE_GEMFILE" => @gemfile || ENV.fetch("BUNDLE_GEMFILE"), "RUBYOPT" => nil, **env }
    Open3.capture2e(environment, RbConfig.ruby, "script.rb", chdir: root)
  end
end
