# frozen_string_literal: true

require_relative "../options"

module HeapPeriscopeAgent
  class Configuration
    # Reads the options that `HEAP_PERISCOPE_<OPTION>` variables give.
    class Environment
      # Variables of the dashboard gem, and what `heap_periscope run` tells the process it starts
      FOREIGN = /\A(ui|run)_/
      private_constant :FOREIGN

      def initialize(env) = @env = env.to_h

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

      def textual = Options::ALL.each_value.select(&:textual?)

      # A variable that is almost one of ours; others with the prefix may be somebody else's.
      def misspelt
        names = textual.map(&:name)
        strangers = @env.keys.select { |key| key.start_with?(Option::PREFIX) }.map { |key| key.delete_prefix(Option::PREFIX) }
        strangers.map(&:downcase).grep_v(FOREIGN).difference(names.map(&:to_s)).filter_map do |wrong|
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
