# frozen_string_literal: true

module HeapPeriscopeUi
  # What an address asks for is checked before an action reads it: each parameter is one text, but for the lists that an action takes.
  # Anything else answers 400, as does a text that no database takes.
  module CheckedParameters
    extend ActiveSupport::Concern

    # Bytes; twice the longest name that an agent may send, escaped.
    LONGEST = 8_192
    # Ids of rows, and cursors made of them.
    IDS = 0..((1 << 62) - 1)

    included do
      class_attribute :lists_of_actions, instance_accessor: false, default: {}.freeze
      # A request that says its body is JSON would be given a parameter with the name of the controller.
      wrap_parameters false if respond_to?(:wrap_parameters)
    end

    class_methods do
      # @param action [Symbol]
      # @param names [Array<Symbol>] parameters that may come as `name[]`
      def takes_lists(action, *names)
        self.lists_of_actions = lists_of_actions.merge(action.to_s => names.map(&:to_s))
      end
    end

    private

    def check_dashboard_parameters
      lists = self.class.lists_of_actions.fetch(action_name, [])
      params.to_unsafe_h.except("controller", "action").each do |name, value|
        texts = value.is_a?(Array) && lists.include?(name) ? value : [value]
        texts.each { |text| check_text(name, text) }
      end
    end

    def check_text(name, value)
      shown = name.match?(/\A\w+\z/) ? name : quoted(name)
      raise BadParameter, "#{shown} must be one value, not a list or a table" unless value.is_a?(String) || value.nil?
      raise BadParameter, "#{shown} must not contain a NUL character" if name.include?("\0") || value&.include?("\0")
      raise BadParameter, "#{shown} must not be longer than #{LONGEST} bytes" if value && value.bytesize > LONGEST
    end

    # @param within [Range<Integer>]
    # @return [Integer, nil] nil where the parameter is absent
    # @raise [BadParameter]
    def whole(name, within)
      value = params[name]
      return if value.blank?

      number = Integer(value, 10, exception: false)
      return number if number && within.cover?(number)

      raise BadParameter, "#{name} must be a whole number from #{within.begin} to #{within.end}, not #{quoted(value)}"
    end

    def quoted(value)
      value.to_s.first(80).inspect
    end

    # @return [Integer] the id in a parameter that must be there
    def id_in(name)
      whole(name, IDS) or raise BadParameter, "#{name} is missing: the id of a #{name == :service ? "service" : "process"}"
    end
  end
end
