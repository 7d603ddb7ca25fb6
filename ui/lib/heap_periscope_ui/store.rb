# frozen_string_literal: true

require "json"
require "digest/md5"
require "digest/sha2"
require "heap_periscope_ui/store/schema"
require "heap_periscope_ui/store/database_file"
require "heap_periscope_ui/store/connection"
require "heap_periscope_ui/store/outage"
require "heap_periscope_ui/store/notices"
require "heap_periscope_ui/store/short_writes"
require "heap_periscope_ui/store/rows"
require "heap_periscope_ui/store/whole_pauses"
require "heap_periscope_ui/store/names"
require "heap_periscope_ui/store/layouts"
require "heap_periscope_ui/store/sites"
require "heap_periscope_ui/store/seen"
require "heap_periscope_ui/store/process_state"
require "heap_periscope_ui/store/registry"
require "heap_periscope_ui/store/sections"
require "heap_periscope_ui/store/frame"
require "heap_periscope_ui/store/suspects"
require "heap_periscope_ui/store/payload_packer"
require "heap_periscope_ui/store/batch"
require "heap_periscope_ui/store/deletion"
require "heap_periscope_ui/store/merge"
require "heap_periscope_ui/store/packed"
require "heap_periscope_ui/store/rollup"
require "heap_periscope_ui/store/bulk"
require "heap_periscope_ui/store/retention"
require "heap_periscope_ui/store/used_bytes"
require "heap_periscope_ui/store/space"
require "heap_periscope_ui/store/layout_sweep"
require "heap_periscope_ui/store/lease"
require "heap_periscope_ui/store/clock_watch"
require "heap_periscope_ui/store/vanished"
require "heap_periscope_ui/store/housekeeper"

module HeapPeriscopeUi
  # Takes parsed messages and keeps them. One writer thread per store; reading goes through the models and queries.
  class Store
    BYTES_A_TEXT = 8_192

    # @return [Registry] the processes this store has written to
    attr_reader :registry
    # @return [Notices] what could not be kept as it came
    attr_reader :notices

    def initialize(config = HeapPeriscopeUi.configuration)
      @config = config
      @notices = Notices.new
      reset
    end

    # Writes messages in one transaction.
    # @param messages [Array<Hash>, Hash] parsed datagrams with string keys, in the order of arrival; parts of one report already
    #   merged (see docs/wire-format.md). A message may carry `"_bytes"` and `"_parts"`, what arrived for it.
    # @param received_at [Integer] unix ms; stands in where a message's clock cannot be right
    # @yieldparam index [Integer] of the message that comes next: a place to let other threads run
    # @return [Integer] how many were written
    # @raise [ActiveRecord::ActiveRecordError] when the database refuses; nothing of the batch is kept then
    def write(messages, received_at: (Time.now.to_f * 1000).to_i, &between)
      messages = [messages] if messages.is_a?(Hash)
      Connection.with do |connection|
        begin_anew unless @opened == Connection.opened
        @marked ||= WholePauses.mark(received_at) || true
        batch = Batch.new(self, connection, received_at)
        short_writes.transaction(connection, messages.size) { batch.write(messages, &between) }
      end
      messages.size
    rescue *MISHAPS
      reset # the caches may know ids that were rolled back
      raise
    end

    # @return [Integer] messages that one call of {#write} should have
    def slice
      short_writes.size
    end

    # @param instance [String]
    # @return [Integer, nil] of the newest report that is stored of it, whoever took it; nil also while the database does not answer
    def last_sequence(instance)
      Connection.with { ObservedProcess.unscoped.where(instance: instance).pick(:last_sequence) }
    rescue ActiveRecord::ActiveRecordError
      nil
    end

    # @return [Boolean] whether the database takes anything at the moment
    def writable?
      Connection.with { Meta.upsert_all([{ key: "probe", value: nil, at: Timestamps.now }], unique_by: :key) }
      true
    rescue *MISHAPS
      false
    end

    def names
      @names ||= Names.new(limit: texts_limit, notices: notices)
    end

    def layouts
      @layouts ||= Layouts.new(notices)
    end

    def sites
      @sites ||= Sites.new(names, limit: texts_limit, notices: notices)
    end

    # @return [Seen] when the census of each span of a process was taken
    attr_reader :censuses

    # Names and sites do not go by time, so a small database must not be full of them.
    # @return [Integer]
    def texts_limit
      bytes = @config.database_limit_bytes
      bytes ? [@config.names_limit, bytes / BYTES_A_TEXT].min : @config.names_limit
    end

    def short_writes
      @short_writes ||= ShortWrites.new
    end

    # What is cached is of another file.
    def begin_anew
      notices.count(:databases_replaced) if @opened
      reset
      @opened = Connection.opened
    end

    # Forgets everything cached; the next write reads the database again.
    def reset
      @censuses = Seen.new
      @marked = false
      @names = @layouts = @sites = nil
      @registry = Registry.new
    end
  end
end
