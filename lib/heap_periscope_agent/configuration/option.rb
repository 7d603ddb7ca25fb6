# frozen_string_literal: true

require_relative "../errors"
require_relative "option_types"

module HeapPeriscopeAgent
  # One option of the configuration: its name, default, what it may hold and where it is read from.
  class Option
    PREFIX = "HEAP_PERISCOPE_"
    SHOWN_CHARACTERS = 80
    # What reading an odd value may raise: text that is none, in an encoding that cannot be read, objects that lack methods.
    # A Timeout of the caller's is none of these, and passes.
    UNREADABLE = [ArgumentError, EncodingError, NameError, RangeError, TypeError].freeze
    private_constant :UNREADABLE

    # @return [Symbol]
    attr_reader :name
    # @return [Object] frozen or immediate
    attr_reader :default

    # @param name [Symbol]
    # @param type [Object] one of OptionTypes
    # @param default [Object] not checked
    # @param native [Boolean] whether the native side is told
    # @param secret [Boolean] whether the value must not be shown
    # @param textual [Boolean] whether it can be given as text
    def initialize(name, type, default, native: false, secret: false, textual: true)
      @name = name
      @type = type
      @default = default
      @native = native
      @secret = secret
      @textual = textual
    end

    def native? = @native
    def secret? = @secret
    # @return [Boolean] whether the environment can give it
    def textual? = @textual
    # @return [String] the environment variable
    def variable = "#{PREFIX}#{name.to_s.upcase}"
    # @return [String] what may be given, in words
    def allowed = @type.allowed

    # @param value [Object]
    # @param source [String] what the error message calls the thing that was set
    # @return [Object] the value as it is kept
    # @raise [ConfigurationError] naming source, value and what is allowed
    def cast(value, source: name.to_s)
      kept = read(value)
      return kept unless kept.equal?(OptionTypes::REFUSED)

      raise ConfigurationError.new("#{source} cannot be #{show(value)}: give #{allowed}",
                                   option: name, value: secret? ? nil : value, allowed: allowed)
    end

    private

    def read(value)
      @type.cast(value)
    rescue *UNREADABLE
      OptionTypes::REFUSED
    end

    def show(value)
      return value.respond_to?(:bytesize) ? "a value of #{value.bytesize} bytes" : "of that type" if secret?

      text = value.inspect
      text.length > SHOWN_CHARACTERS ? "#{text[0, SHOWN_CHARACTERS]}…" : text
    rescue StandardError # inspect is the caller's code, and a BasicObject has none
      "what was given"
    end
  end
end
