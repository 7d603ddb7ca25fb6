# frozen_string_literal: true

module HeapPeriscopeAgent
  # Everything this gem raises on purpose is one of these.
  class Error < StandardError
  end

  # An option was given a value it does not take, or there is no such option.
  class ConfigurationError < Error
    # @return [Symbol] the option, also when it does not exist
    attr_reader :option
    # @return [Object] what was given; `nil` for a secret, which is never shown
    attr_reader :value
    # @return [String, nil] what may be given
    attr_reader :allowed

    def initialize(message, option:, value: nil, allowed: nil)
      super(message)
      @option = option
      @value = value
      @allowed = allowed
    end
  end
end
