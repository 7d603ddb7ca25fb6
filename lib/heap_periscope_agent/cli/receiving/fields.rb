# frozen_string_literal: true

require_relative "../text"

module HeapPeriscopeAgent
  module CLI
    # Reads values out of JSON that anybody may have sent: what is not of the right kind or size counts as absent.
    module Fields
      MAX_INTEGER = 2**53
      private_constant :MAX_INTEGER

      class << self
        # @return [Integer, nil] from 0 to 2**53
        def count(object, key)
          value = object[key]
          value if value.is_a?(Integer) && value.between?(0, MAX_INTEGER)
        end

        # @return [Integer, Float, nil] finite, from 0
        def number(object, key)
          value = object[key]
          value if (value.is_a?(Integer) || (value.is_a?(Float) && value.finite?)) && value.between?(0, MAX_INTEGER)
        end

        # @return [String, nil] fit for a terminal, never empty
        def text(object, key, limit: 64)
          value = object[key]
          Text.clean(value, limit: limit) if value.is_a?(String) && !value.empty?
        end

        # @return [Hash] empty when there is none
        def hash(object, key)
          value = object[key]
          value.is_a?(Hash) ? value : {}
        end

        # @return [Array] empty when there is none
        def array(object, key)
          value = object[key]
          value.is_a?(Array) ? value : []
        end
      end
    end
  end
end
