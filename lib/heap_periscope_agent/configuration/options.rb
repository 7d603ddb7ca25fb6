# frozen_string_literal: true

require_relative "option"

module HeapPeriscopeAgent
  # Every option there is. docs/configuration.md tells what each does.
  module Options
    T = OptionTypes
    private_constant :T

    SHARE = T::Decimal.new(0.0001..1.0, unit: "cores")
    HOST = T::Text.new("a host name or an IP address, without spaces", bytes: 1..253, pattern: /\A[[:graph:]]+\z/)
    LABEL = T::Text.new("text of 1 to 200 bytes", bytes: 1..200, pattern: /\A[^\p{Cntrl}]*\S[^\p{Cntrl}]*\z/)
    KEY_ID = T::Text.new("1 to 64 characters of A-Z a-z 0-9 . _ -", bytes: 1..64, pattern: /\A[A-Za-z0-9._-]+\z/)
    CONSTANT = /\A[[:upper:]][[:word:]]*(::[[:upper:]][[:word:]]*)*(::)?\z/
    NAMESPACE = T::Text.new("a constant's name", bytes: 1..200, pattern: CONSTANT)
    NAMESPACES = T::TextList.new('an Array of class names ("Set") and namespaces ("Grape::")', NAMESPACE)
    DATAGRAM = T::Optional.new(T::Whole.new(512..65_507, unit: "bytes"), "auto")
    FLAG = T::Flag.new
    private_constant(*constants(false) - [:T])

    ALL = [
      Option.new(:enabled, FLAG, true),
      Option.new(:interval, T::Decimal.new(0.01..86_400, unit: "seconds"), 10, native: true),
      Option.new(:host, HOST, "127.0.0.1", native: true),
      Option.new(:port, T::Whole.new(1..65_535), 9000, native: true),
      Option.new(:verbose, FLAG, true),
      Option.new(:logger, T::Optional.new(T::Responder.new(:debug, :info, :warn, :error)), nil, textual: false),
      Option.new(:service_name, T::Optional.new(LABEL), nil, native: true),
      Option.new(:enable_detailed_objects, FLAG, false, native: true),
      Option.new(:detailed_objects_limit, T::Whole.new(1..100_000, unit: "classes"), 20, native: true),
      Option.new(:platform_namespaces, NAMESPACES, [].freeze, native: true),
      Option.new(:census_slice_ms, T::Decimal.new(0.05..1000, unit: "milliseconds"), 1.0, native: true),
      Option.new(:census_budget, SHARE, 0.01, native: true),
      Option.new(:gc_pauses, T::Optional.new(FLAG, "auto"), nil, native: true),
      Option.new(:enable_controller_instrumentation, FLAG, false),
      Option.new(:enable_model_instrumentation, FLAG, false),
      Option.new(:enable_job_instrumentation, FLAG, false),
      Option.new(:enable_rake_instrumentation, FLAG, false),
      Option.new(:max_spans, T::Whole.new(1..10_000, unit: "names"), 500, native: true),
      Option.new(:enable_allocation_sampling, FLAG, false, native: true),
      Option.new(:allocation_budget, SHARE, 0.01, native: true),
      Option.new(:allocation_stack_depth, T::Whole.new(1..128, unit: "frames"), 24, native: true),
      Option.new(:on_leak_suspect, T::Optional.new(T::Responder.new(:call)), nil, textual: false),
      Option.new(:max_datagram_bytes, DATAGRAM, nil, native: true),
      Option.new(:secret, T::Optional.new(T::Secret.new(16..1024)), nil, native: true, secret: true),
      Option.new(:key_id, T::Optional.new(KEY_ID), nil, native: true)
    ].to_h { |option| [option.name, option] }.freeze

    class << self
      # @return [String, nil] the name nearest to one that does not exist
      def nearest(wrong, names = ALL.keys)
        return unless defined?(::DidYouMean::SpellChecker)

        ::DidYouMean::SpellChecker.new(dictionary: names.map(&:to_s)).correct(wrong.to_s).first
      end

      # @return [ConfigurationError] for an option that does not exist
      def unknown(wrong, value: nil)
        near = nearest(wrong)
        hint = near ? "did you mean #{near}?" : "the options are #{ALL.keys.join(", ")}"
        ConfigurationError.new("there is no option #{wrong}: #{hint}",
                               option: wrong.to_sym, value: value, allowed: near)
      end
    end
  end
end
