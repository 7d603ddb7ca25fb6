# frozen_string_literal: true

module HeapPeriscopeUi
  # Errors of work that goes on regardless: in the log at once when a kind begins, then once a minute with how many came since.
  class Complaints
    EVERY_S = 60
    # Bytes of an error's message that the log shows: it may quote what somebody sent.
    EXCERPT = 300
    # Kinds told apart.
    KINDS = 100

    Kind = Struct.new(:said_at, :unsaid)

    # @param text [String] what did not work
    # @param clock [#call] seconds that only grow
    def initialize(text, clock: -> { Timestamps.clock })
      @text = text
      @clock = clock
      @kinds = {}
    end

    # @param text [String]
    # @return [String] its first line, as long as the log takes it, and nothing that a terminal would obey
    def self.excerpt(text)
      line = text.to_s.dup.force_encoding(Encoding::UTF_8).scrub("?").lines.first.to_s.strip
      line = line.truncate_bytes(EXCERPT) if line.bytesize > EXCERPT
      line.gsub(/[[:cntrl:]]/, "?")
    end

    # @param error [Exception]
    def log(error)
      now = @clock.call
      kind = @kinds[error.class] ||= add
      kind.unsaid += 1
      return if kind.said_at && now - kind.said_at < EVERY_S

      HeapPeriscopeUi.logger.warn("heap_periscope_ui could not #{@text}#{" (#{kind.unsaid} times since the last word of it)" if kind.unsaid > 1}: " \
                                  "#{ErrorLine.of(error)}")
      kind.said_at = now
      kind.unsaid = 0
    end

    private

    def add
      @kinds.shift if @kinds.size >= KINDS
      Kind.new(nil, 0)
    end
  end
end
