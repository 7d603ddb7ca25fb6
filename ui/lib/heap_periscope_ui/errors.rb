# frozen_string_literal: true

module HeapPeriscopeUi
  # Parent of every error this gem raises by itself.
  class Error < StandardError; end

  # An option was given a value it does not allow; the message says which and what is allowed.
  class ConfigurationError < Error; end

  # A request asks for something that cannot be: an unknown parameter, a range that ends before it begins.
  # The API answers 400 with the message.
  class BadParameter < Error; end
end
