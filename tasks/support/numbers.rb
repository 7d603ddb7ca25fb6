# frozen_string_literal: true

# Numbers that a task takes from the environment: `bin/rake storm:exit ENDS=300`.
module Numbers
  # @param defaults [Hash{Symbol => Integer}] by the name of the variable
  # @return [Array<Integer>] in that order
  # @raise [ArgumentError] when a variable is no whole number
  def self.of(**defaults)
    defaults.map { |name, default| Integer(ENV.fetch(name.to_s, default.to_s)) }
  end
end
