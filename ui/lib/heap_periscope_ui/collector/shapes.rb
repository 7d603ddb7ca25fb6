# frozen_string_literal: true

module HeapPeriscopeUi
  module Collector
    # Containers of {Kinds}. What they answer holds nothing but what they name: keys that are not known are taken out. They work in
    # place, since most of what arrives is as it should be.
    module Shapes
      # Entries of a list or table, unless told otherwise.
      ENTRIES = 4_096

      # An object with keys of its own.
      class Record
        # @param required [Hash{String=>#take}]
        # @param optional [Hash{String=>#take}] absent or null where they are not known
        def initialize(required = {}, optional = {})
          @fields = required.map { |key, kind| [key, kind, true] } + optional.map { |key, kind| [key, kind, false] }
          @known = @fields.to_h { |key, *| [key, true] }
        end

        # @param rule [Proc] called with the object at the end, for what holds between its keys; raises {Refused}
        # @return [self]
        def with(rule)
          @rule = rule
          self
        end

        def take(object)
          raise Refused, "wrong type" unless object.is_a?(Hash)

          found = @fields.count { |key, kind, required| field?(object, key, kind, required) }
          object.keep_if { |key, _| @known[key] } if object.size > found
          @rule&.call(object)
          object
        end

        # @return [Hash] without the fields that are wrong
        # @raise [Refused] when a required one is
        def keep(object)
          raise Refused, "wrong type" unless object.is_a?(Hash)

          object = object.slice(*@known.keys)
          @fields.each { |key, kind, required| keep_field(object, key, kind, required) }
          @rule&.call(object)
          object
        end

        private

        def keep_field(object, key, kind, required)
          raise Refused, "wrong type" if required && object[key].nil?

          object[key] = kind.keep(object[key]) unless object[key].nil?
        rescue Refused
          raise if required

          object.delete(key)
        end

        # @return [Boolean] whether the object has it
        def field?(object, key, kind, required)
          value = object[key]
          if value.nil?
            raise Refused, "wrong type" if required

            return object.key?(key)
          end
          taken = kind.take(value)
          object[key] = taken unless taken.equal?(value)
          true
        rescue Refused => e
          raise e.inside(key)
        end
      end

      # A list of one kind.
      class List
        def initialize(kind, most = ENTRIES)
          @kind = kind
          @most = most
        end

        def take(list)
          raise Refused, "wrong type" unless list.is_a?(Array)
          raise Refused, "too many keys" if list.size > @most

          list.each_with_index { |entry, index| entry(list, entry, index) }
        end

        # @return [Array] without the entries that are wrong
        def keep(list)
          raise Refused, "wrong type" unless list.is_a?(Array)

          list.first(@most).filter_map do |entry|
            @kind.keep(entry)
          rescue Refused
            nil
          end
        end

        private

        def entry(list, entry, index)
          taken = @kind.take(entry)
          list[index] = taken unless taken.equal?(entry)
        rescue Refused => e
          raise e.inside(index)
        end
      end

      # An object whose keys the sender chooses.
      class Table
        def initialize(key, kind, most = ENTRIES)
          @key = key
          @kind = kind
          @most = most
        end

        def take(object)
          raise Refused, "wrong type" unless object.is_a?(Hash)
          raise Refused, "too many keys" if object.size > @most

          object.each do |key, value|
            @key.take(key)
            taken = value.nil? ? nil : @kind.take(value)
            object[key] = taken unless taken.equal?(value)
          end
        end
      end

      # A table each of whose values is known.
      class FullTable < Table
        def take(object)
          raise Refused, "wrong type" if object.is_a?(Hash) && object.value?(nil)

          super
        end
      end
    end
  end
end
