# frozen_string_literal: true

module HeapPeriscopeUi
  # Everything the dashboard keeps. Its connection is its own; {Store::Connection} says which.
  class ApplicationRecord < ActiveRecord::Base
    self.abstract_class = true
  end
end
