# frozen_string_literal: true

module HeapPeriscopeUi
  # Errors of work that goes on regardless: in the log when another kind begins, not for every batch.
  class Complaints
    # @param text [String] what did not work
    def initialize(text)
      @text = text
    end

    # @param error [Exception]
    def log(error)
      return if @logged == error.class

      @logged = error.class
      HeapPeriscopeUi.logger.warn("heap_periscope_ui could not #{@text}: #{error.class}: #{error.message.to_s.lines.first.to_s.strip}")
    end
  end
end
