# frozen_string_literal: true

module HeapPeriscopeUi
  # Parameters are texts, as in `filter=x`: robots also send `filter[]=x`, `filter[x]=1` and bytes that no text has. Some are lists.
  module PlainParameters
    extend ActiveSupport::Concern

    LISTS = %w[name metric].freeze
    LONGEST = 2_048

    included { before_action :require_plain_parameters }

    private

    def require_plain_parameters
      params.each do |name, value|
        list = LISTS.include?(name) && value.is_a?(Array)
        next if (list ? value : [value]).all? { |one| plain_parameter?(one) }

        raise BadParameter, "#{name.to_s.first(80)} must be a text#{" or a list of texts" if LISTS.include?(name)} of at most " \
                            "#{LONGEST} bytes, without null bytes"
      end
    end

    def plain_parameter?(value)
      value.nil? || (value.is_a?(String) && value.bytesize <= LONGEST && value.valid_encoding? && !value.include?("\0"))
    end
  end
end
