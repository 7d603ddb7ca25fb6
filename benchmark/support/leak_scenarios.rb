# frozen_string_literal: true

require "active_support"
require "active_support/notifications"
require "set"

module Bench
  # Ways to leak. Each scenario leaks one object (or, in strings made once, one line of text) a step.
  module LeakScenarios
    # class_name: what must be named; line: where the survivors are born, in this file, nil where that is not asked for
    Scenario = Struct.new(:name, :class_name, :line, :step) do
      def leak(number) = step.call(number)
    end

    PriceQuery = Class.new do
      def initialize(article)
        @article = article
      end
    end
    Breadcrumb = Struct.new(:path, :at)
    Visit = Struct.new(:path, :agent)
    Token = Struct.new(:digits)
    Node = Struct.new(:value, :before)
    class Refused < StandardError
    end
    Resource = Class.new do
      def self.open
        resource = new # the finalizer sees it, and so keeps it
        ObjectSpace.define_finalizer(resource, ->(_id) { resource })
      end
    end
    Quotes = Class.new do
      def self.rate(day)
        (@rates ||= {})[day] ||= [day, day * 1.5]
      end
    end

    @all = []

    class << self
      attr_reader :all

      def find(name) = all.find { |scenario| scenario.name == name }

      private

      def scenario(name, class_name, line, &step)
        @all << Scenario.new(name, class_name, line, step)
      end
    end

    kept = []
    scenario("array", "String", __LINE__ + 1) do |number|
      kept << "entry #{number} of a list that nobody empties"
    end

    rows = {}
    scenario("hash", "Hash", __LINE__ + 1) do |number|
      rows[number] = { id: number, seen: true }
    end

    prices = {}
    scenario("cache keyed by objects", PriceQuery.name, __LINE__ + 1) do |number|
      prices[PriceQuery.new(number)] ||= number
    end

    later = []
    scenario("closure", "Proc", __LINE__ + 1) do |number|
      later << -> { number }
    end

    scenario("subscriber", "Proc", __LINE__ + 1) do |number|
      ActiveSupport::Notifications.subscribe("leak.bench") { |*event| [number, event] }
    end

    scenario("thread-local", Breadcrumb.name, __LINE__ + 1) do |number|
      (Thread.current[:trail] ||= []) << Breadcrumb.new("/orders", number)
    end

    visits = []
    scenario("Struct", Visit.name, __LINE__ + 1) do |number|
      visits << Visit.new(number, :browser)
    end

    # Chats that nobody closes: all of them go on growing.
    random = Random.new(5)
    line = "answered after a while, and this is what there was to tell of it; "
    chats = []
    scenario("String growth in place", "String", __LINE__ + 1) do |number|
      chats << "chat #{number}: "
      chats.sample(random:) << (line * random.rand(1..8))
    end

    # Nothing but text is leaked: five hundred strings of a hundred million objects, none of which a sample of one per cent
    # need have seen, so no site is asked for. Sessions are of any age, so their buffers do not all double at once.
    buffers = Hash.new do |sessions, session|
      sessions[session] = String.new(capacity: 100 * (1 + random.rand(20)))
    end
    scenario("text in strings made once", "String", nil) do |_|
      buffers[random.rand(500)] << (line * random.rand(1..8))
    end

    seen = Set.new
    scenario("Set", Token.name, __LINE__ + 1) do |number|
      seen << Token.new(number)
    end

    scenario("ObjectSpace finalizer", Resource.name, Resource.method(:open).source_location.last + 1) do |_|
      Resource.open
    end

    scenario("memoised class method", "Array", Quotes.method(:rate).source_location.last + 1) do |number|
      Quotes.rate(number)
    end

    scenario("Active Record objects in a constant", "Bench::LeakScenarios::LineItem", __LINE__ + 1) do |number|
      LINE_ITEMS << line_item.new(number: number)
    end
    LINE_ITEMS = [] # rubocop:disable Style/MutableConstant

    newest = nil
    scenario("linked list", Node.name, __LINE__ + 1) do |number|
      newest = Node.new(number, newest)
    end

    failures = []
    scenario("kept exceptions", Refused.name, __LINE__ + 1) do |number|
      failures << Refused.new("order #{number}")
    end

    # Active Record is loaded only by the scenario that needs it.
    def self.line_item
      @line_item ||= begin
        require "active_record"
        ActiveRecord::Base.establish_connection(adapter: "sqlite3", database: ":memory:")
        ActiveRecord::Base.connection.create_table(:line_items) { |table| table.integer :number }
        const_set(:LineItem, Class.new(ActiveRecord::Base) { self.table_name = "line_items" })
      end
    end
  end
end
