# frozen_string_literal: true

module HeapPeriscopeUi
  # Parent of every error this gem raises by itself.
  class Error < StandardError; end

  # An option was given a value it does not allow; the message says which and what is allowed.
  class ConfigurationError < Error; end

  # A request asks for something that cannot be: an unknown parameter, a range that ends before it begins.
  # The API answers 400 with the message.
  class BadParameter < Error; end

  # What goes wrong in a thread that must go on: everything but the end of the thread or of the process.
  # @api private
  MISHAPS = [StandardError, ScriptError, NoMemoryError, SystemStackError].freeze

  # @api private
  module ErrorLine
    DAMAGED = "the database file is damaged; `sqlite3 FILE .recover` gets out what can be read"
    ANEW = "; move it and its -wal and -shm away, and a new one is made"

    # @param error [Exception]
    # @return [String] kind and message in one short line, for people
    def self.of(error)
      line = "#{error.class}: #{Complaints.excerpt(error.message)}"
      Store::Outage.damaged?(error) ? "#{line} (#{DAMAGED}#{ANEW if Store::Connection.own?})" : line
    end
  end
end
