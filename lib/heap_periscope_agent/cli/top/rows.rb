# frozen_string_literal: true

require_relative "../command"

module HeapPeriscopeAgent
  module CLI
    class Top < Command
      # What the view shows of one process; a figure that is not known is nil.
      # key: tells it from all others · state: :alive, :silent, :ended or :gone · trend: numbers, oldest first, nil
      # for a gap · classes: [ClassRow] · classes_by: :class, :type or nil when there are none · classes_since: Time
      ProcessRow = Struct.new(:key, :service, :process_id, :host, :ruby, :state, :age_s, :rss_bytes, :live_slots,
                              :free_slots, :allocation_rate, :gc_per_minute, :gc_share, :pause_p99_ms, :trend,
                              :classes, :classes_by, :classes_since, keyword_init: true) do
        # @return [Float, nil] part of all slots that is free
        def free_share
          total = live_slots.to_i + free_slots.to_i
          free_slots.fdiv(total) if free_slots && live_slots && total.positive?
        end
      end

      # One class in a process. kind: "app", "platform" or "" · objects, bytes: alive · the deltas are since the view
      # opened
      ClassRow = Struct.new(:name, :kind, :objects, :bytes, :objects_delta, :bytes_delta, keyword_init: true) do
        # @return [Boolean] whether it has become notably more
        def grows? = grown?(objects, objects_delta, 100)
        def grows_in_bytes? = grown?(bytes, bytes_delta, 10_240)

        private

        # By a tenth of what there was, and not just a handful
        def grown?(now, delta, least) = !delta.nil? && delta >= least && delta * 10 >= now - delta
      end

      # Something that happened in a process: at, text
      Event = Struct.new(:at, :text)

      # What the view draws. source: where the reports come from, in words · place: the same shortly · lost, refused:
      # numbers or nil · order, process_order: how classes and processes are sorted · notice: a sentence, or nil
      Frame = Struct.new(:source, :place, :now, :rows, :selected, :events, :lost, :refused, :order, :process_order,
                         :paused, :help, :notice, keyword_init: true)
    end
  end
end
