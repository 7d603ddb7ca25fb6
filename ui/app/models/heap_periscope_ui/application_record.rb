# frozen_string_literal: true

module HeapPeriscopeUi
  # Everything the dashboard keeps. Its connection is its own; {Store::Connection} says which.
  class ApplicationRecord < ActiveRecord::Base
    self.abstract_class = true

    # Applications switch between databases around whole requests (`connected_to`, database_selector, shard_selector), to roles and shards
    # that the dashboard's database may not have. It has one, and stays with it.
    class << self
      def current_role
        ActiveRecord.writing_role
      end

      def current_shard
        default_shard
      end

      def current_preventing_writes
        false
      end
    end
  end
end
