# frozen_string_literal: true

require "socket"
require_relative "heap"

module Bench
  # The processes of benchmark/spans.rb. The agent runs in all modes and reports to a socket nobody reads; what is switched
  # between modes is the instrumentation alone.
  module SpanWorkers
    PAIR_S = 2.0
    # So many allocate about half of what makes the VM collect.
    VISITS_A_COLLECTION = 50
    # A census that is under way when the instrumentation goes off ends within this time.
    TAIL_S = 0.5
    JOBS = 300

    module_function

    def span_cost
      require "heap_periscope_agent"
      configure
      Worker.serve do |command|
        HeapPeriscopeAgent.start if command == "on"
        figures = { nanoseconds: nanoseconds_of_a_span - nanoseconds_of_a_yield }
        HeapPeriscopeAgent.stop if command == "on"
        figures
      end
    end

    def nanoseconds_of_a_span
      nanoseconds { HeapPeriscopeAgent.span("controller", "OrdersController#index") { nil } }
    end

    def nanoseconds_of_a_yield
      nanoseconds { just_yield("controller", "OrdersController#index") { nil } }
    end

    def just_yield(_type, _name)
      yield
    end

    def nanoseconds(times = 300_000, &block)
      figures = Bench.measure { times.times(&block) }
      figures[:cpu] / times * 1e9
    end

    # Requests with spans, but as good as no censuses.
    def requests(objects)
      keep, visits = boot_shop(objects, 0.0001, PAIR_S)
      Worker.serve do |command|
        instrument(command == "on")
        GC.start
        visit(visits / 5)
        Bench.measure_with_objects { visit(visits) }.merge(visits:, kept: keep.size)
      end
    end

    def visit(visits) = Bench.with_collections(visits, every: VISITS_A_COLLECTION) { RailsShop.visit_all }

    # Requests with the censuses of spans, ten times as often as by default on the half of a core that each of the pair has.
    def censuses(objects)
      keep, visits = boot_shop(objects, 0.1 * Pairs::SHARE, PAIR_S)
      tail = (visits * TAIL_S / PAIR_S).ceil
      Worker.serve do |command|
        GC.start
        before = censuses_of_spans
        figures = Bench.measure_with_objects do
          instrument(command == "on")
          visit(visits)
          instrument(false)
          visit(tail)
        end
        figures.merge(visits: visits + tail, censuses: (censuses_of_spans - before).size, kept: keep.size)
      end
    end

    # How often there is a census of a span by default, and which names get theirs. The first one has nothing to keep its distance
    # from, so counting begins after it.
    def pace(objects)
      keep, visits = boot_shop(objects, 0.01, PAIR_S)
      Worker.serve do |command|
        RailsShop.visit_all while censuses_of_spans.empty?
        first = seen = censuses_of_spans
        figures = Bench.measure do
          limit = Process.clock_gettime(Process::CLOCK_MONOTONIC) + Float(command)
          while Process.clock_gettime(Process::CLOCK_MONOTONIC) < limit
            visits.times { RailsShop.visit_all }
            seen |= censuses_of_spans
          end
        end
        figures.merge(censuses: (seen - first).size, kept: keep.size, names: HeapPeriscopeAgent.spans.size,
                      counted: seen.map(&:first).uniq.size)
      end
    end

    # @return [Array<Array(String, Time)>] the newest census of each name that had one
    def censuses_of_spans
      HeapPeriscopeAgent.spans.filter_map { |span| [span[:name], span[:measured_at]] if span[:measured_at] }
    end

    # @return [Array(Array, Integer)] what keeps the objects alive, and the visits that take `seconds`
    def boot_shop(objects, census_budget, seconds)
      require_relative "rails_shop"
      RailsShop.boot
      HeapPeriscopeAgent.stop
      configure { |config| config.census_budget = census_budget }
      keep = Heap.fill(objects)
      HeapPeriscopeAgent.start
      instrument(true)
      [keep, (seconds / time_of_a_visit).ceil]
    end

    def time_of_a_visit
      20.times { RailsShop.visit_all }
      Bench.measure { 40.times { RailsShop.visit_all } }[:cpu] / 40
    end

    def configure
      HeapPeriscopeAgent.configure do |config|
        config.port = sink_port
        config.verbose = false
        config.enable_detailed_objects = false
        config.enable_allocation_sampling = false
        yield config if block_given?
      end
    end

    # A change of the configuration wakes the reporter, so there are as many at the beginning of every block.
    def instrument(on)
      [!on, on].each do |value|
        HeapPeriscopeAgent.configure do |config|
          config.enable_controller_instrumentation = value
          config.enable_model_instrumentation = value
        end
      end
    end

    # Requests under the original gem with the initializers that it generates itself.
    def original(objects)
      # Before what Bundler put there, and without the version that it read from our gemspec.
      $LOAD_PATH.unshift(ENV.fetch("RIVAL_LIB"))
      Object.send(:remove_const, :HeapPeriscopeAgent) if defined?(HeapPeriscopeAgent)
      require "heap_periscope_agent"
      # Options of ours that the shop's initializer sets.
      HeapPeriscopeAgent::Configuration.attr_accessor(:enable_job_instrumentation, :enable_rake_instrumentation,
                                                      :enable_allocation_sampling, :census_budget)
      require_relative "rails_shop"
      templates = File.join(ENV.fetch("RIVAL_LIB"), "generators/heap_periscope_agent/templates")
      RailsShop.boot(initializers: %w[controller model].map { |name| "#{templates}/heap_periscope_agent_#{name}.rb.tt" })
      keep = Heap.fill(objects)
      Worker.serve do |command|
        instrument(command == "on")
        visits = command == "on" ? 1 : 50
        Bench.measure { visits.times { RailsShop.visit_all } }.merge(visits:, kept: keep.size)
      end
    end

    # Becomes a Sidekiq::Job when Sidekiq is loaded.
    class NoJob
      def perform = nil
    end

    # A Sidekiq server inside this process as its command starts one, with the middleware and the two lines of log for a job
    # that come by default. Each mode has a capsule of its own, so that all threads have waited equally long when their block
    # comes; they are alike but for what `Integrations::Sidekiq.install` puts into the processors of a server.
    # @param first [Integer] which mode's processors are made first
    def sidekiq(first)
      require "sidekiq"
      require "sidekiq/cli"
      require "heap_periscope_agent"
      require "heap_periscope_agent/integrations"
      NoJob.include(Sidekiq::Job)
      configure
      launcher = Sidekiq::Launcher.new(sidekiq_server)
      queues = [Turns::BASE, "on", Turns::AGAIN].rotate(first)
      managers = queues.map { |queue| with_processors(measuring: queue == "on") { Sidekiq::Manager.new(capsule(queue)) } }
      launcher.run
      managers.each(&:start)
      HeapPeriscopeAgent.start
      Worker.serve { |queue| measure_jobs(queue) }
    end

    # Its own capsule stays idle.
    def sidekiq_server
      Sidekiq.default_configuration.tap do |config|
        config.redis = { url: ENV.fetch("REDIS_URL") }
        config.concurrency = 1
        config.queues = ["idle"]
        config.logger = Sidekiq::Logger.new(File.open(File::NULL, "w"), level: Logger::INFO)
        config.average_scheduled_poll_interval = 3600
      end
    end

    def capsule(queue)
      Sidekiq::Capsule.new(queue, Sidekiq.default_configuration).tap do |capsule|
        capsule.concurrency = 5
        capsule.queues = [queue]
      end
    end

    # A manager makes its processors when it is made, by the name of their class. Both kinds have a class of their own, since the
    # VM treats one that has heirs in another way.
    def with_processors(measuring:)
      original = Sidekiq.send(:remove_const, :Processor)
      Sidekiq.const_set(:Processor, Class.new(original) { prepend HeapPeriscopeAgent::Integrations::Sidekiq::Performing if measuring })
      yield
    ensure
      Sidekiq.send(:remove_const, :Processor)
      Sidekiq.const_set(:Processor, original)
    end

    def measure_jobs(queue)
      share_budget
      figures = run_jobs(queue)
      @instrumented += figures[:wall] if queue == "on"
      figures
    end

    # Censuses come by the clock, and the middleware is there for a part of the time only: so is its budget.
    def share_budget
      now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
      @instrumented ||= 0.0
      share = @instrumented / (now - (@began ||= now - 1))
      configure { |config| config.census_budget = (0.01 * share).clamp(0.0001, 0.01) }
    end

    # The jobs wait in another queue and come all at once, so that what is measured is running them.
    def run_jobs(queue)
      Sidekiq::Client.push_bulk("class" => NoJob, "queue" => "staged", "args" => Array.new(JOBS) { [] })
      Bench.measure_with_objects do
        Sidekiq.redis { |redis| redis.call("RENAME", "queue:staged", "queue:#{queue}") }
        sleep 0.005 until waiting(queue).zero?
      end.merge(jobs: JOBS)
    end

    def waiting(queue)
      Sidekiq.redis { |redis| redis.call("LLEN", "queue:#{queue}") }
    end

    def sink_port
      @sink ||= UDPSocket.new.tap { |socket| socket.bind("127.0.0.1", 0) }
      @sink.addr[1]
    end
  end
end
