# frozen_string_literal: true

require_relative "options"

module HeapPeriscopeAgent
  class Configuration
    # Reads the options that `HEAP_PERISCOPE_<OPTION>` variables give.
    class Environment
      # Variables of the dashboard gem, and what `heap_periscope run` tells the process it starts
      FOREIGN = /\A(ui|run)_/
      # No option's name is as long by far, and finding the nearest one takes time.
      NAME_CHARACTERS = 64
      private_constant :FOREIGN, :NAME_CHARACTERS

      # @param env [#to_h] only what has our prefix is read
      def initialize(env)
        ours = env.to_h.select { |name, _| name.is_a?(String) && name.b.start_with?(Option::PREFIX) }
        @env = ours.to_h { |name, value| [name.dup.force_encoding(Encoding::UTF_8).scrub("?"), utf8(value)] }
      end

      # @return [Array(Hash, Array<ConfigurationError>)] the values by option name, and the mistakes; both frozen
      def read
        errors = misspelt
        values = textual.each_with_object({}) do |option, found|
          text = @env[option.variable]
          found[option.name] = option.cast(text, source: option.variable) unless text.nil? || text.empty?
        rescue ConfigurationError => e
          errors << e
        end
        [values.freeze, errors.freeze]
      end

      private

      # Without a locale Ruby takes the environment for ASCII, or for bytes; what is UTF-8 is read as that.
      def utf8(text)
        return text unless text.is_a?(String)

        read = text.dup.force_encoding(Encoding::UTF_8)
        read.valid_encoding? ? read : text
      end

      def textual = Options::ALL.each_value.select(&:textual?)

      # A variable that is almost one of ours; others with the prefix may be somebody else's.
      def misspelt
        names = textual.map(&:name)
        strangers = @env.keys.map { |key| key.delete_prefix(Option::PREFIX).downcase }
        strangers.reject { |name| name.length > NAME_CHARACTERS }.grep_v(FOREIGN).difference(names.map(&:to_s)).filter_map do |wrong|
          near = Options.nearest(wrong, names)
          near && misspelt_error(wrong, near)
        end
      end

      def misspelt_error(wrong, near)
        variable, meant = [wrong, near].map { |name| "#{Option::PREFIX}#{name.upcase}" }
        ConfigurationError.new("#{variable} is no option: did you mean #{meant}?",
                               option: wrong.to_sym, value: @env[variable], allowed: meant)
      end
    end
    private_constant :Environment
  end
end
