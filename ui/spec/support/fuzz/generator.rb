# frozen_string_literal: true

require_relative "../recorded"
require_relative "mutations"

module Fuzz
  # Datagrams that real agents sent, changed in their structure, with whole ones of a witness in between. The same seed gives the same.
  class Generator
    # One in so many is the witness's.
    WITNESS_EVERY = 1_000
    INSTANCE = "witness"
    INSTANCES = 200
    # Entries of a table or list that a seed datagram has; one in thirty datagrams has all.
    ENTRIES = 3

    # @return [Integer] datagrams of the witness so far
    attr_reader :witnessed

    def initialize(seed)
      @random = Random.new(seed)
      @mutations = Mutations.new(@random)
      whole = Recorded.rubies.flat_map { |ruby| Recorded.new(ruby).datagrams.map { |bytes| JSON.parse(bytes) } }
      @whole = whole.map { |message| JSON.generate(message) }
      @short = whole.map { |message| JSON.generate(shorten(message)) }
      @witness = JSON.parse(@short.find { |bytes| bytes.include?('"snapshot"') })
      @made = @witnessed = 0
    end

    # @return [String]
    def datagram
      @made += 1
      return witness if (@made % WITNESS_EVERY).zero?

      message = JSON.parse((@random.rand(30).zero? ? @whole : @short).sample(random: @random))
      message.merge!("instance" => "fuzz-#{@random.rand(INSTANCES)}", "sequence" => @made, "reported_at" => stamp)
      [1, 1, 1, 1, 2, 2, 3, 5].sample(random: @random).times { @mutations.apply(message) }
      bytes = generate(message)
      @random.rand(12).zero? ? @mutations.spoil(bytes) : bytes
    end

    private

    def witness
      @witnessed += 1
      JSON.generate(@witness.merge("instance" => INSTANCE, "sequence" => @witnessed, "parts" => 1, "reported_at" => stamp))
    end

    # Half a character is spelled where a text asks for it.
    def generate(message)
      JSON.generate(message, max_nesting: 0).gsub(Mutations::HALF, '\udc00x')
    end

    def shorten(value)
      case value
      when Hash then value.first(value.size > 50 ? ENTRIES * 4 : value.size).to_h.transform_values { |one| shorten(one) }
      when Array then value.first(ENTRIES).map { |one| shorten(one) }
      else value
      end
    end

    def stamp
      Time.now.utc.iso8601(3)
    end
  end
end
