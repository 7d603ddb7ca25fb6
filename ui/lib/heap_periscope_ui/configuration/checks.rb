# frozen_string_literal: true

module HeapPeriscopeUi
  class Configuration
    # What each option may be, before it is set: a wrong value raises where it is written, not in the thread that uses it.
    module Checks
      WHOLE = ->(range) { ->(value) { value.is_a?(Integer) && range.cover?(value) } }
      # Also what Active Support makes of 24.hours.
      NUMBER = ->(range) { ->(value) { value.is_a?(Numeric) && value.real? && range.cover?(value.to_f) } }
      OPTIONAL = ->(check) { ->(value) { value.nil? || check.call(value) } }
      RETENTION_S = 60..(10 * 366 * 86_400)

      RULES = {
        udp_host: ["an address or a name", ->(value) { value.is_a?(String) && value.match?(/\A[\w.:%-]{1,253}\z/) }],
        udp_port: ["a whole number from 0 to 65535", ->(value) { value.is_a?(Integer) || (value.is_a?(String) && value.match?(/\A\d{1,5}\z/)) }],
        udp_ipv6: ["true or false", ->(value) { [true, false].include?(value) }],
        database: ["a file, a URL, a Hash as in database.yml or :host", ->(value) { value.respond_to?(:empty?) ? !value.empty? : true }],
        connects_to: ["a Hash as ActiveRecord's connects_to takes it, such as { database: { writing: :memory } }",
                      OPTIONAL[->(value) { value.is_a?(Hash) && value.any? && (value.keys - %i[database shards]).empty? }]],
        time_window: ["a number of seconds from 1 to 86400", NUMBER[1..86_400]],
        receive_buffer_bytes: ["a whole number of bytes from 4096 to 1073741824", WHOLE[4_096..1_073_741_824]],
        queue_limit: ["a whole number from 1 to 10000000", WHOLE[1..10_000_000]],
        names_limit: ["a whole number from 1 to 100000000", WHOLE[1..100_000_000]],
        retention: ["seconds (60 to #{RETENTION_S.end}) for raw:, minute: and ten_minutes:",
                    ->(value) { value.is_a?(Hash) && value.each_value.all? { |seconds| NUMBER[RETENTION_S].call(seconds) } }],
        access: ["something that answers to call with the request, or nil", OPTIONAL[->(value) { value.respond_to?(:call) }]],
        http_basic: ["{ name:, password: } with two strings that are not empty", OPTIONAL[->(value) { value.is_a?(Hash) && value.keys.sort_by(&:to_s) == %i[name password] }]],
        base_controller_class: ["the name of a class, such as \"AdminController\", or nil",
                                OPTIONAL[->(value) { value.is_a?(String) && value.match?(/\A(::)?[A-Z]\w*(::[A-Z]\w*)*\z/) }]]
      }.freeze
      # What a message must not repeat: it reaches logs.
      SECRET = %i[http_basic].freeze

      RULES.each do |name, (allowed, check)|
        define_method(:"#{name}=") do |value|
          next super(value) if check.call(value)

          raise ConfigurationError, "#{name} must be #{allowed}#{", not #{value.inspect[0, 200]}" unless SECRET.include?(name)}"
        end
      end

      # An option that is not there is most likely misspelt.
      def method_missing(name, *arguments)
        return super unless name.end_with?("=")

        options = public_methods.grep(/\A[a-z]\w*=\z/).map { |method| method.to_s.delete_suffix("=") }.sort
        raise ConfigurationError, "there is no option #{name.to_s.delete_suffix("=")}; there are #{options.join(", ")}"
      end

      def respond_to_missing?(*)
        super
      end
    end

    prepend Checks
  end
end
