# frozen_string_literal: true

require_relative "configuration/options"
require_relative "log"
require_relative "configuration/gate"
require_relative "configuration/environment"

module HeapPeriscopeAgent
  # The options, checked when they are set. Reading an option never raises, takes no lock and works on a frozen
  # configuration. docs/configuration.md lists the options.
  #
  #   HeapPeriscopeAgent.configure { |config| config.interval = 5 }
  class Configuration
    DEFAULT_KEY_ID = "default"

    # @return [Array<ConfigurationError>] what the environment got wrong; the defaults are in force instead
    attr_reader :environment_errors

    # @param env [#to_h] where `HEAP_PERISCOPE_<OPTION>` is looked for; an empty variable counts as absent
    # @param strict [Boolean] raise the first mistake in the environment instead of logging it: a program that only
    #   loads the gem must not fail on a variable, a command that was asked to set one should
    # @raise [ConfigurationError] only when strict
    def initialize(env = ENV, strict: false)
      @gate = Gate.new
      @values, @environment_errors = Environment.new(env).read
      raise @environment_errors.first if strict && @environment_errors.any?

      @environment_errors.each { |error| Log.once([:environment, error.option], error.message, configuration: self) }
    end

    Options::ALL.each_value do |option|
      define_method(option.name) { @values.fetch(option.name) { option.default } }
      define_method(:"#{option.name}=") { |value| assign(option, value) }
    end

    # @return [Boolean] whether the option was set, by code or by the environment
    def given?(name) = @values.key?(name.to_sym)

    # Changes several options and tells the observer once, at the end. When the block raises, nothing has changed.
    # @yieldparam configuration [Configuration] self
    # @return [Object] what the block returns
    def update
      @gate.enter do |outermost|
        before = @values
        begin
          yield self
        rescue Exception # rubocop:disable Lint/RescueException -- raised again: half a change must not stay
          @values = before unless frozen?
          raise
        ensure
          @gate.notify(self) if outermost && !@values.equal?(before)
        end
      end
    end

    # Sets the one observer: it is called with the configuration after an {#update} or a single change. It may be set
    # on a frozen configuration, and what it raises is logged, not passed on.
    # @return [void]
    def on_change(&observer)
      @gate.observer = observer
    end

    # @return [Hash{Symbol => Object}] what the native side needs: Integer, Float, String, true, false, nil, and an
    #   Array of String for `platform_namespaces`
    def to_native
      values = Options::ALL.each_value.select(&:native?).to_h { |option| [option.name, public_send(option.name)] }
      %i[interval census_slice_ms census_budget allocation_budget].each { |name| values[name] = values[name].to_f }
      values[:key_id] ||= DEFAULT_KEY_ID if values[:secret]
      values
    end

    # @return [Hash{Symbol => Object}] all options; a secret only says whether it is there
    def to_h
      Options::ALL.each_value.to_h do |option|
        value = public_send(option.name)
        [option.name, option.secret? && value ? "[#{value.bytesize} bytes]" : value]
      end
    end

    def inspect
      "#<#{self.class} #{to_h.slice(*@values.keys).map { |name, value| "#{name}=#{value.inspect}" }.join(" ")}>"
    end

    def method_missing(name, *arguments)
      return super unless name.end_with?("=") && name.match?(/\A\w+=\z/)

      raise Options.unknown(name.to_s.delete_suffix("="), value: arguments.first)
    end

    def respond_to_missing?(name, include_private = false) = super

    private

    def initialize_copy(source)
      super
      @gate = Gate.new
    end

    def assign(option, value)
      kept = option.cast(value)
      return if given?(option.name) && @values[option.name].eql?(kept)

      update { @values = @values.merge(option.name => kept).freeze }
    end
  end
end
