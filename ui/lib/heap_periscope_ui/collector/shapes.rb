# frozen_string_literal: true

module HeapPeriscopeUi
  module Collector
    # Containers of {Kinds}. What they answer holds nothing but what they name: keys that are not known are taken out, and null is absent. They work in
    # place, since most of what arrives is as it should be.
    module Shapes
      # Entries of a list or table, unless told otherwise.
      ENTRIES = 4_096

      # An object with keys of its own. Loops are plain ones here: this is where most of a datagram's time goes.
      class Record
        # @param required [Hash{String=>#take}]
        # @param optional [Hash{String=>#take}] absent or null where they are not known
        def initialize(required = {}, optional = {})
          @keys = required.keys + optional.keys
          @kinds = required.values + optional.values
          @required = required.size
          @known = @keys.to_h { |key| [key, true] }
        end

        # @param rule [Proc] called with the object at the end, for what holds between its keys; raises {Refused}
        # @return [self]
        def with(rule)
          @rule = rule
          self
        end

        def take(object)
          raise Refused, "wrong type" unless object.is_a?(Hash)

          object.keep_if { |key, value| @known[key] && !value.nil? } if fields(object) < object.size
          @rule&.call(object)
          object
        end

        # @return [Hash] without the fields that are wrong
        # @raise [Refused] when a required one is
        def keep(object)
          raise Refused, "wrong type" unless object.is_a?(Hash)

          object = object.slice(*@keys)
          @keys.each_index { |index| keep_field(object, index) }
          @rule&.call(object)
          object
        end

        private

        # @return [Integer] how many are there
        def fields(object)
          found = index = 0
          while index < @keys.size
            value = object[key = @keys[index]]
            if value.nil?
              raise Refused, "wrong type" if index < @required
            else
              taken = @kinds[index].take(value)
              object[key] = taken unless taken.equal?(value)
              found += 1
            end
            index += 1
          end
          found
        rescue Refused => e
          raise e.inside(key)
        end

        def keep_field(object, index)
          key = @keys[index]
          raise Refused, "wrong type" if index < @required && object[key].nil?

          object[key] = @kinds[index].keep(object[key]) unless object[key].nil?
        rescue Refused
          raise if index < @required

          object.delete(key)
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

          entries(list)
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

        def entries(list)
          index = 0
          while index < list.size
            taken = @kind.take(entry = list[index])
            list[index] = taken unless taken.equal?(entry)
            index += 1
          end
          list
        rescue Refused => e
          raise e.inside(index)
        end
      end

      # An object whose keys the sender chooses. A value may be null where it is not known.
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
            next if value.nil?

            taken = @kind.take(value)
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
