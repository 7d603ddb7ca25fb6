# frozen_string_literal: true

# A cache whose keys are compared by identity: it never finds anything and keeps everything.
class ObjectCacheLeak < Leak
  class PriceQuery
    def initialize(article, quantity)
      @article = article
      @quantity = quantity
    end
  end

  PRICES = {} # rubocop:disable Style/MutableConstant

  def description
    "caches prices by an object that has no eql? and hash of its own"
  end

  def leak(request)
    PRICES[PriceQuery.new("article #{request.path}", 3)] ||= "#{rand(1000)} cents for the customer who asked"
  end
end
