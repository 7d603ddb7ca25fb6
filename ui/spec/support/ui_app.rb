# frozen_string_literal: true

# One Rails application for all specs of this process, with the dashboard mounted; and the switch between databases.
module UiApp
  MOUNT = "/heap_periscope"
  # In memory where there is such a place: the specs do not wait for a disk.
  SCRATCH = File.writable?("/dev/shm") ? "/dev/shm" : Dir.tmpdir

  module_function

  # @return [Rails::Application]
  def application
    @application ||= Class.new(Rails::Application) do
      config.eager_load = true
      config.consider_all_requests_local = false
      config.logger = ActiveSupport::Logger.new(ENV.fetch("LOG", File::NULL))
      config.secret_key_base = "only for specs " * 4
      config.hosts.clear
      config.action_dispatch.show_exceptions = :none
      routes.append { mount HeapPeriscopeUi::Engine => UiApp::MOUNT }
    end.initialize!
  end

  # @param database [String] file or URL
  def use(database)
    application
    HeapPeriscopeUi.configuration.database = database
    HeapPeriscopeUi::Store::Connection.ready!
  end

  def leave
    HeapPeriscopeUi::Store::Connection.reset!
    %i[@store @configuration].each { |name| HeapPeriscopeUi.instance_variable_set(name, nil) }
  end

  # @return [Rack::MockResponse]
  def get(path, env = {})
    Rack::MockRequest.new(application).get("#{MOUNT}#{path}", env)
  end

  def post(path, env = {})
    Rack::MockRequest.new(application).post("#{MOUNT}#{path}", env)
  end
end
